//! What the claims are held against: the clock, and who may have issued a token, for whom.

use super::{
    claims::Claims,
    error::{VerifyError, VerifyErrorKind},
};

/// What the builder was given. An empty list asks for nothing, but for `aud` (see there).
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) issuers: Vec<String>,
    pub(super) authorized_parties: Vec<String>,
    pub(super) audiences: Vec<String>,
    pub(super) accepts_absent_party: bool,
    /// Whoever built the verifier said that the party does not matter.
    #[cfg(feature = "tower")]
    pub(super) accepts_any_party: bool,
    pub(super) leeway_millis: i64,
    pub(super) accepts_pending: bool,
}

impl Rules {
    pub(super) fn check(&self, claims: &Claims<'_>, now_millis: i64) -> Result<(), VerifyError> {
        self.check_time(claims, now_millis)?;
        if !self.issuers.is_empty() && !contains(&self.issuers, &claims.issuer) {
            return Err(VerifyError::new(VerifyErrorKind::WrongIssuer, "`iss` is no expected issuer"));
        }
        self.check_party(claims)?;
        self.check_audience(claims)?;
        self.check_status(claims)
    }

    fn check_party(&self, claims: &Claims<'_>) -> Result<(), VerifyError> {
        let refused = |detail| Err(VerifyError::new(VerifyErrorKind::WrongParty, detail));
        match claims.authorized_party.as_deref() {
            _ if self.authorized_parties.is_empty() => Ok(()),
            Some(party) if contains(&self.authorized_parties, party) => Ok(()),
            Some(_) => refused("`azp` is no authorized party"),
            None if self.accepts_absent_party => Ok(()),
            None => refused("there is no `azp`, and authorized parties were named to the verifier"),
        }
    }

    fn check_status(&self, claims: &Claims<'_>) -> Result<(), VerifyError> {
        match claims.session_status.as_deref() {
            None | Some("active") => Ok(()),
            Some("pending") if self.accepts_pending => Ok(()),
            Some("pending") => {
                let detail = "`sts` is pending: the user of this session has something to do first";
                Err(VerifyError::new(VerifyErrorKind::SessionPending, detail))
            }
            Some(_) => {
                let detail = "`sts` is neither active nor pending: the session is over";
                Err(VerifyError::new(VerifyErrorKind::SessionInactive, detail))
            }
        }
    }

    fn check_time(&self, claims: &Claims<'_>, now_millis: i64) -> Result<(), VerifyError> {
        let earliest = now_millis.saturating_sub(self.leeway_millis);
        let latest = now_millis.saturating_add(self.leeway_millis);
        // Seconds end at the year 9999, so this cannot overflow.
        if claims.expires_at_seconds * 1_000 <= earliest {
            return Err(VerifyError::new(VerifyErrorKind::Expired, "the token has expired"));
        }
        let lies_ahead = |seconds: Option<i64>| seconds.is_some_and(|seconds| seconds * 1_000 > latest);
        if lies_ahead(claims.not_before_seconds) {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid, "the token is not valid yet"));
        }
        if lies_ahead(claims.issued_at_seconds) {
            let detail = "the token is of the future: does this machine's clock run late?";
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid, detail));
        }
        Ok(())
    }

    /// RFC 7519 §4.1.3: who does not find themselves in an `aud` that is there refuses the token. Who expects one refuses
    /// a token without.
    fn check_audience(&self, claims: &Claims<'_>) -> Result<(), VerifyError> {
        let refused = |detail| Err(VerifyError::new(VerifyErrorKind::WrongAudience, detail));
        match (&claims.audiences, self.audiences.as_slice()) {
            (None, []) => Ok(()),
            (None, _) => refused("there is no `aud`"),
            (Some(_), []) => refused("the token has an `aud`, and no audience was named to the verifier"),
            (Some(given), expected) if given.iter().any(|audience| contains(expected, audience)) => Ok(()),
            (Some(_), _) => refused("`aud` names no expected audience"),
        }
    }
}

fn contains(expected: &[String], given: &str) -> bool {
    expected.iter().any(|expected| expected == given)
}

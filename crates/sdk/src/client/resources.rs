//! What a client gives access to.

/// The resources, the same for the asynchronous client and the blocking one.
macro_rules! resources {
    ($client:ty, $mode:ty, $self:ident, $make_mode:expr) => {
        impl $client {
            /// Actor tokens: acting as somebody else.
            #[must_use]
            pub fn actor_tokens(&$self) -> $crate::actor_tokens::ActorTokens<$mode> {
                $crate::actor_tokens::ActorTokens::new($self.handle.clone(), $make_mode)
            }

            /// Sign-in tokens.
            #[must_use]
            pub fn sign_in_tokens(&$self) -> $crate::sign_in_tokens::SignInTokens<$mode> {
                $crate::sign_in_tokens::SignInTokens::new($self.handle.clone(), $make_mode)
            }

            /// Users.
            #[must_use]
            pub fn users(&$self) -> $crate::users::Users<$mode> {
                $crate::users::Users::new($self.handle.clone(), $make_mode)
            }

            /// Sessions.
            #[must_use]
            pub fn sessions(&$self) -> $crate::sessions::Sessions<$mode> {
                $crate::sessions::Sessions::new($self.handle.clone(), $make_mode)
            }

            /// Clients: browsers and the like.
            #[must_use]
            pub fn clients(&$self) -> $crate::clients::Clients<$mode> {
                $crate::clients::Clients::new($self.handle.clone(), $make_mode)
            }

            /// The public keys that session tokens are verified with.
            #[must_use]
            pub fn jwks(&$self) -> $crate::jwks::Jwks<$mode> {
                $crate::jwks::Jwks::new($self.handle.clone(), $make_mode)
            }

            /// The instance.
            #[must_use]
            pub fn instance(&$self) -> $crate::instance::InstanceSettings<$mode> {
                $crate::instance::InstanceSettings::new($self.handle.clone(), $make_mode)
            }

            /// The record of who did what, which is of Actas alone.
            #[must_use]
            pub fn audit_entries(&$self) -> $crate::audit_entries::AuditEntries<$mode> {
                $crate::audit_entries::AuditEntries::new($self.handle.clone(), $make_mode)
            }
        }
    };
}

pub(crate) use resources;

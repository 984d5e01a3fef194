//! Reading the parameters of a request: the members of a JSON body, the fields of a form, the query.
//!
//! Everything that a client can get wrong here is answered with the parameter named.

use crate::error::ApiError;
use actas_domain::{
    json::{self, JsonObject, JsonRefusal},
    page::Page,
    refusal::{JsonType, ParameterProblem, ParameterRefusal},
    secret::SecretText,
    time::UnixMillis,
    user::update::Patch,
};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, collections::BTreeMap, fmt, num::IntErrorKind};

/// The members of a JSON body, to be taken one by one; what is left over is unknown.
#[derive(Debug, Default)]
pub(crate) struct Members(BTreeMap<String, Box<RawValue>>);

impl Members {
    /// Reads a body. None at all, and the JSON text `null`, are an object without members.
    ///
    /// # Errors
    /// 415 for another content type, 400 `request_body_invalid` for what is no JSON object, 422 for a member
    /// that is repeated or nested too deep.
    pub(crate) fn of_body(content_type: Option<&str>, body: &[u8]) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body).map_err(|_| ApiError::body_invalid())?.trim_ascii();
        if text.is_empty() || text == "null" {
            return Ok(Self::default());
        }
        let essence = content_type.unwrap_or("").split(';').next().unwrap_or("").trim_ascii();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::content_type_unsupported(essence, "application/json"));
        }
        Self::of_object(text)
    }

    /// Reads the text of a JSON object.
    ///
    /// # Errors
    /// 400 `request_body_invalid` for what is none, 422 for a member that is repeated or nested too deep.
    pub(crate) fn of_object(text: &str) -> Result<Self, ApiError> {
        let TopLevel { members, repeated } =
            serde_json::from_str(text).map_err(|_| ApiError::body_invalid())?;
        if let Some(name) = repeated {
            return Err(ParameterRefusal::new(name, ParameterProblem::Repeated).into());
        }
        for (name, raw) in &members {
            json::check(raw.get()).map_err(|refusal| match refusal {
                JsonRefusal::Repeated(path) => {
                    ParameterRefusal::new(format!("{name}.{path}"), ParameterProblem::Repeated).into()
                }
                JsonRefusal::TooDeep => ApiError::from(too_deep(name.clone())),
                JsonRefusal::Malformed | JsonRefusal::NotAnObject => ApiError::body_invalid(),
            })?;
        }
        Ok(Self(members))
    }

    /// The member's JSON text; `None` when it is absent. `null` is a text like others.
    pub(crate) fn raw(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.0.remove(name)
    }

    /// Whether the member is there and `null`.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|raw| raw.get() == "null")
    }

    /// `None` when the member is absent or `null`; likewise below.
    pub(crate) fn string(&mut self, name: &'static str) -> Result<Option<String>, ParameterRefusal> {
        match self.value(name)? {
            None => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(ParameterRefusal::new(name, ParameterProblem::Invalid))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(name, &other, JsonType::String)),
        }
    }

    pub(crate) fn integer(&mut self, name: &'static str) -> Result<Option<i64>, ParameterRefusal> {
        if let Some(integer) = self.0.get(name).and_then(|raw| saturated(raw.get())) {
            self.0.remove(name);
            return Ok(Some(integer));
        }
        match self.value(name)? {
            None => Ok(None),
            Some(other) => Err(wrong_type(name, &other, JsonType::Integer)),
        }
    }

    pub(crate) fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, ParameterRefusal> {
        match self.value(name)? {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(wrong_type(name, &other, JsonType::Boolean)),
        }
    }

    pub(crate) fn strings(&mut self, name: &'static str) -> Result<Option<Vec<String>>, ParameterRefusal> {
        let items = match self.value(name)? {
            None => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(wrong_type(name, &other, JsonType::Array)),
        };
        let text = |item| match item {
            Value::String(text) if text.contains('\0') => {
                Err(ParameterRefusal::new(name, ParameterProblem::Invalid))
            }
            Value::String(text) => Ok(text),
            other => Err(wrong_type(name, &other, JsonType::String)),
        };
        items.into_iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A string that no log or error shows.
    pub(crate) fn secret(&mut self, name: &'static str) -> Result<Option<SecretText>, ParameterRefusal> {
        Ok(self.string(name)?.map(SecretText::new))
    }

    /// An object, kept to the letter.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Option<JsonObject>, ParameterRefusal> {
        let Some(raw) = self.raw(name).filter(|raw| raw.get() != "null") else { return Ok(None) };
        JsonObject::parse(raw.get()).map(Some).map_err(|refusal| match refusal {
            JsonRefusal::Repeated(path) => {
                ParameterRefusal::new(format!("{name}.{path}"), ParameterProblem::Repeated)
            }
            JsonRefusal::TooDeep => too_deep(name),
            JsonRefusal::NotAnObject | JsonRefusal::Malformed => {
                wrong_type(name, &serde_json::from_str(raw.get()).unwrap_or_default(), JsonType::Object)
            }
        })
    }

    /// What becomes of a member that is read by one of these: `null` removes, absence keeps.
    pub(crate) fn patch<T>(
        &mut self,
        name: &'static str,
        read: fn(&mut Self, &'static str) -> Result<Option<T>, ParameterRefusal>,
    ) -> Result<Patch<T>, ParameterRefusal> {
        let is_null = self.is_null(name);
        Ok(match read(self, name)? {
            Some(value) => Patch::Set(value),
            None if is_null => Patch::Clear,
            None => Patch::Keep,
        })
    }

    /// Refuses `null` for members whose type does not include it.
    pub(crate) fn refuse_null(&self, members: &[(&'static str, JsonType)]) -> Result<(), ParameterRefusal> {
        match members.iter().find(|(name, _)| self.is_null(name)) {
            None => Ok(()),
            Some((name, want)) => Err(wrong_type(name, &Value::Null, *want)),
        }
    }

    /// Refuses what nobody took.
    pub(crate) fn refuse_unknown(self) -> Result<(), ParameterRefusal> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(ParameterRefusal::new(name, ParameterProblem::Unknown)),
        }
    }

    fn value(&mut self, name: &'static str) -> Result<Option<Value>, ParameterRefusal> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        match serde_json::from_str(raw.get()) {
            Ok(Value::Null) => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(ParameterRefusal::new(name, ParameterProblem::Invalid)),
        }
    }
}

fn too_deep(name: impl Into<Cow<'static, str>>) -> ParameterRefusal {
    ParameterRefusal::new(name, ParameterProblem::NestedTooDeep { max_depth: json::MAX_DEPTH })
}

/// The members of an object, and one that stands there twice.
struct TopLevel {
    members: BTreeMap<String, Box<RawValue>>,
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for TopLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TopLevelVisitor)
    }
}

struct TopLevelVisitor;

impl<'de> Visitor<'de> for TopLevelVisitor {
    type Value = TopLevel;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopLevel, A::Error> {
        let (mut members, mut repeated) = (BTreeMap::new(), None);
        while let Some((name, raw)) = map.next_entry::<String, Box<RawValue>>()? {
            if members.insert(name.clone(), raw).is_some() {
                repeated.get_or_insert(name);
            }
        }
        Ok(TopLevel { members, repeated })
    }
}

/// An integer's digits; one that 64 bits cannot hold is the nearest that they can, so that it is refused as too large.
fn saturated(digits: &str) -> Option<i64> {
    match digits.parse::<i64>() {
        Ok(integer) => Some(integer),
        Err(error) => match error.kind() {
            IntErrorKind::PosOverflow => Some(i64::MAX),
            IntErrorKind::NegOverflow => Some(i64::MIN),
            _ => None,
        },
    }
}

fn wrong_type(name: &'static str, got: &Value, want: JsonType) -> ParameterRefusal {
    ParameterRefusal::new(name, ParameterProblem::WrongType { got: JsonType::of(got), want })
}

/// The pairs of a query or of a form body, decoded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// So many pairs are read; a request with more is refused. Eight filters of users take up to
    /// [`Self::LIST_MAX`] values each.
    pub(crate) const MAX: usize = 1_000;
    /// So many values a repeated parameter may have.
    const LIST_MAX: usize = 100;

    pub(crate) fn parse(text: &[u8]) -> Result<Self, ApiError> {
        let pairs: Vec<_> = form_urlencoded::parse(text).into_owned().take(Self::MAX + 1).collect();
        if pairs.len() > Self::MAX {
            return Err(ApiError::body_invalid());
        }
        if let Some((name, _)) =
            pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0'))
        {
            let name = name.replace('\0', "");
            return Err(ParameterRefusal::new(name, ParameterProblem::Invalid).into());
        }
        Ok(Self(pairs))
    }

    /// The first value; an empty one counts.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// The only value.
    ///
    /// # Errors
    /// 422 when the parameter is repeated.
    pub(crate) fn single(&self, name: &'static str) -> Result<Option<&str>, ParameterRefusal> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(ParameterRefusal::new(name, ParameterProblem::Repeated)),
        }
    }

    /// Every value, in order; `name[]` counts as `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(each, _)| each == name || each.strip_suffix("[]") == Some(name))
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may be repeated.
    ///
    /// # Errors
    /// 422 when there are more than a hundred.
    pub(crate) fn list(&self, name: &'static str) -> Result<Vec<&str>, ParameterRefusal> {
        let values: Vec<_> = self.all(name).collect();
        if values.len() > Self::LIST_MAX {
            let problem = ParameterProblem::TooManyItems { max_items: Self::LIST_MAX };
            return Err(ParameterRefusal::new(name, problem));
        }
        Ok(values)
    }

    /// A time in Unix milliseconds.
    pub(crate) fn time(&self, name: &'static str) -> Result<Option<UnixMillis>, ParameterRefusal> {
        let parse = |text: &str| {
            let millis = text.parse().map(UnixMillis::from_millis);
            millis.map_err(|_| ParameterRefusal::new(name, ParameterProblem::NotUnixMillis))
        };
        self.single(name)?.filter(|text| !text.is_empty()).map(parse).transpose()
    }

    pub(crate) fn integer(&self, name: &'static str) -> Result<Option<i64>, ParameterRefusal> {
        let parse = |text: &str| {
            saturated(text).ok_or_else(|| ParameterRefusal::new(name, ParameterProblem::Invalid))
        };
        self.single(name)?.filter(|text| !text.is_empty()).map(parse).transpose()
    }

    pub(crate) fn boolean(&self, name: &'static str) -> Result<Option<bool>, ParameterRefusal> {
        match self.single(name)? {
            None | Some("") => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(ParameterRefusal::new(name, ParameterProblem::Invalid)),
        }
    }

    /// `limit` (1 to the most a page holds, else 422) and `offset` (0 or more).
    pub(crate) fn page(&self) -> Result<Page, ParameterRefusal> {
        let most = i64::from(Page::MAX_LIMIT);
        let invalid = |name| ParameterRefusal::new(name, ParameterProblem::Invalid);
        let limit = self.integer("limit")?.unwrap_or(i64::from(Page::DEFAULT_LIMIT));
        if limit > most {
            return Err(ParameterRefusal::new("limit", ParameterProblem::TooLarge { max: most }));
        }
        let limit = u32::try_from(limit).ok().filter(|limit| *limit > 0).ok_or_else(|| invalid("limit"))?;
        let offset = u64::try_from(self.integer("offset")?.unwrap_or(0)).map_err(|_| invalid("offset"))?;
        Ok(Page { limit, offset })
    }
}

//! The setters that requests about users have by the dozen.

/// A setter for each of the fields, which are `Option`s: a `text`, a `secret`, a `flag`, the `raw` JSON of an
/// object, or one of these behind `clearable`, whose `None` removes what was there.
macro_rules! setters {
    ($($(#[$attribute:meta])* $field:ident: $kind:ident $($inner:ident)?,)+) => {
        $($crate::users::setters::setter!($(#[$attribute])* $field: $kind $($inner)?);)+
    };
}

macro_rules! setter {
    ($(#[$attribute:meta])* $field:ident: text) => {
        $(#[$attribute])*
        #[must_use]
        pub fn $field(mut self, text: impl Into<String>) -> Self {
            self.$field = Some(text.into());
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: secret) => {
        $(#[$attribute])*
        #[must_use]
        pub fn $field(mut self, secret: impl Into<String>) -> Self {
            self.$field = Some($crate::secret::Secret::new(secret));
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: flag) => {
        $(#[$attribute])*
        #[must_use]
        pub fn $field(mut self, flag: bool) -> Self {
            self.$field = Some(flag);
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: number) => {
        $(#[$attribute])*
        #[must_use]
        pub fn $field(mut self, number: u32) -> Self {
            self.$field = Some(number);
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: moment) => {
        $(#[$attribute])*
        #[must_use]
        pub fn $field(mut self, moment: $crate::timestamp::Timestamp) -> Self {
            self.$field = Some(moment);
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: raw) => {
        $(#[$attribute])*
        #[must_use]
        pub fn $field(mut self, object: $crate::json::RawJson) -> Self {
            self.$field = Some($crate::users::metadata::Metadata(object));
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: clearable text) => {
        $(#[$attribute])*
        ///
        /// `None` removes it.
        #[must_use]
        pub fn $field(mut self, text: Option<&str>) -> Self {
            self.$field = Some(text.map(str::to_owned));
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: clearable number) => {
        $(#[$attribute])*
        ///
        /// `None` goes back to the instance's default.
        #[must_use]
        pub fn $field(mut self, number: Option<u32>) -> Self {
            self.$field = Some(number);
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: several texts) => {
        $(#[$attribute])*
        ///
        /// Said more than once, any of them matches; at most 100.
        #[must_use]
        pub fn $field(mut self, text: impl Into<String>) -> Self {
            self.$field.push(text.into());
            self
        }
    };
    ($(#[$attribute:meta])* $field:ident: several secrets) => {
        $(#[$attribute])*
        #[must_use]
        pub fn $field(mut self, secrets: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.$field = Some(secrets.into_iter().map($crate::secret::Secret::new).collect());
            self
        }
    };
}

pub(super) use {setter, setters};

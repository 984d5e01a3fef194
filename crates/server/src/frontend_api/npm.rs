//! `/npm/@clerk/…`: the scripts of Clerk's browser SDK, which apps load from the Frontend API unless they are told
//! otherwise. They are served from a configured folder, or redirected to where they are.

use crate::{
    app::{App, ClerkPackages},
    backend_api::PathText,
    error::ApiError,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file of an exact version never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Of `@6` there will be another.
const FOR_A_WHILE: &str = "public, max-age=300";

pub(crate) async fn file(
    State(app): State<Arc<App>>,
    PathText(path): PathText,
) -> Result<Response, ApiError> {
    let asked = Asked::parse(&path).ok_or_else(ApiError::not_found)?;
    let mut response = match &app.http.clerk_packages {
        ClerkPackages::None => return Err(ApiError::packages_not_configured()),
        ClerkPackages::Elsewhere(base) => redirect(base, &path)?,
        ClerkPackages::Folder(folder) => serve(folder, &asked).await?,
    };
    // The script's tag says crossorigin=anonymous; what is public may be read by all.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

fn redirect(base: &str, path: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(&format!("{base}/{path}")).map_err(|_| ApiError::not_found())?;
    let cache = HeaderValue::from_static(FOR_A_WHILE);
    Ok((StatusCode::FOUND, [(header::LOCATION, location), (header::CACHE_CONTROL, cache)]).into_response())
}

async fn serve(folder: &Path, asked: &Asked<'_>) -> Result<Response, ApiError> {
    let package = folder.join("@clerk").join(asked.package);
    let manifest = read(package.join("package.json")).await?;
    let installed = serde_json::from_slice::<Manifest>(&manifest).map_err(|error| {
        tracing::error!(package = asked.package, %error, "package.json in clerk_npm_dir is unreadable");
        ApiError::not_found()
    })?;
    if !asked.version.is_met_by(&installed.version) {
        return Err(ApiError::package_version_absent(asked.package, &installed.version));
    }
    let bytes = read(asked.segments.iter().fold(package, |path, segment| path.join(segment))).await?;
    let cache = if asked.version.0 == installed.version { IMMUTABLE } else { FOR_A_WHILE };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asked.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    Ok((headers, bytes).into_response())
}

async fn read(path: PathBuf) -> Result<Vec<u8>, ApiError> {
    let reading = tokio::task::spawn_blocking(move || std::fs::read(path));
    reading.await.map_err(|_| ApiError::internal())?.map_err(|_| ApiError::not_found())
}

/// `@clerk/clerk-js@6/dist/clerk.browser.js`
#[derive(Debug)]
struct Asked<'a> {
    /// The package's name behind `@clerk/`.
    package: &'a str,
    version: Version<'a>,
    segments: Vec<&'a str>,
    content_type: &'static str,
}

/// `6`, `6.40` or `6.40.0`, or none, which any version meets.
#[derive(Debug)]
struct Version<'a>(&'a str);

#[derive(Deserialize)]
struct Manifest {
    version: String,
}

impl<'a> Asked<'a> {
    /// `None` for what is no file of such a package. No segment leads anywhere but down.
    fn parse(path: &'a str) -> Option<Self> {
        let (package, rest) = path.strip_prefix("@clerk/")?.split_once('/')?;
        let (package, version) = package.split_once('@').unwrap_or((package, ""));
        let segments: Vec<_> = rest.split('/').collect();
        let is_plain = |segment: &&str| {
            !segment.starts_with('.')
                && !segment.is_empty()
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let is_version = version.is_empty() || is_plain(&version);
        if !is_plain(&package) || !is_version || !segments.iter().all(is_plain) {
            return None;
        }
        let content_type = content_type(segments.last()?.rsplit_once('.')?.1)?;
        Some(Self { package, version: Version(version), segments, content_type })
    }
}

impl Version<'_> {
    fn is_met_by(&self, installed: &str) -> bool {
        let rest = installed.strip_prefix(self.0);
        rest.is_some_and(|rest| self.0.is_empty() || rest.is_empty() || rest.starts_with('.'))
    }
}

fn content_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_a_package_are_asked_for() {
        let asked = Asked::parse("@clerk/clerk-js@6.40.0/dist/a/clerk.browser.js").unwrap();
        assert_eq!((asked.package, asked.version.0), ("clerk-js", "6.40.0"));
        assert_eq!(asked.segments, ["dist", "a", "clerk.browser.js"]);
        assert_eq!(Asked::parse("@clerk/ui/x.css").unwrap().version.0, "");
        for bad in [
            "",
            "@clerk/clerk-js@6",
            "@clerk/clerk-js@6/",
            "@clerk/../x.js",
            "@clerk/clerk-js/../../x.js",
            "@clerk/clerk-js/..\\x.js",
            "@clerk/clerk-js@\\..\\..\\gh\\x/x.js",
            "@clerk/clerk-js@6?x/x.js",
            "@clerk/clerk-js@6#x/x.js",
            "@clerk/clerk-js//x.js",
            "@clerk/clerk-js/.env.js",
            "@clerk/clerk-js/x.exe",
            "@clerk/clerk-js/x",
            "@other/clerk-js/x.js",
            "clerk-js/x.js",
            "@clerk/a\0/x.js",
        ] {
            assert!(Asked::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_version_is_met_by_those_that_it_begins() {
        for (asked, met) in
            [("6", true), ("6.40", true), ("6.40.0", true), ("", true), ("6.4", false), ("5", false)]
        {
            assert_eq!(Version(asked).is_met_by("6.40.0"), met, "{asked}");
        }
    }
}

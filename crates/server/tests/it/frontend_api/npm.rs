//! `/npm/@clerk/…`: the scripts of Clerk's browser SDK.

use super::{browser::Browser, instance, instance_with};
use actas_server::ClerkPackages;

const SCRIPT: &str = "/npm/@clerk/clerk-js@6/dist/clerk.browser.js";

#[tokio::test]
async fn a_folder_in_the_layout_of_npm_is_served_by_major_and_by_exact_version() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("node_modules/@clerk/clerk-js");
    std::fs::create_dir_all(package.join("dist")).unwrap();
    std::fs::write(package.join("package.json"), r#"{"name":"@clerk/clerk-js","version":"6.40.0"}"#).unwrap();
    std::fs::write(package.join("dist/clerk.browser.js"), "script").unwrap();
    std::fs::write(folder.path().join("secret.js"), "secret").unwrap();
    let root = folder.path().join("node_modules");
    let instance = instance_with(|plan| plan.http.clerk_packages = ClerkPackages::Folder(root)).await;
    let get = async |path: &str| instance.anonymous("GET", path).send().await;
    for (path, cache) in [
        (SCRIPT, "public, max-age=300"),
        ("/npm/@clerk/clerk-js/dist/clerk.browser.js", "public, max-age=300"),
        ("/npm/@clerk/clerk-js@6.40.0/dist/clerk.browser.js", "public, max-age=31536000, immutable"),
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "script"), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some(cache), "{path}");
    }
    insta::assert_snapshot!(get("/npm/@clerk/clerk-js@5/dist/clerk.browser.js").await, @"404 resource_not_found | not found | The folder clerk_npm_dir has version 6.40.0 of @clerk/clerk-js.");
    for absent in [
        "/npm/@clerk/clerk-js@6/dist/other.js",
        "/npm/@clerk/other@6/dist/clerk.browser.js",
        "/npm/@clerk/clerk-js@6/../../../secret.js",
        "/npm/@clerk/clerk-js@6/%2e%2e/%2e%2e/%2e%2e/secret.js",
        "/npm/@clerk/clerk-js@6/..%2f..%2f..%2fsecret.js",
        "/npm/@clerk/..%2f..%2fsecret.js",
        "/npm/@clerk/clerk-js@6/dist",
        "/npm/secret.js",
    ] {
        assert_eq!(get(absent).await.code(), "resource_not_found", "{absent}");
    }
}

#[tokio::test]
async fn a_base_elsewhere_is_redirected_to() {
    let base = "https://cdn.example.test/x".to_owned();
    let instance = instance_with(|plan| plan.http.clerk_packages = ClerkPackages::Elsewhere(base)).await;
    let answer = instance.anonymous("GET", SCRIPT).send().await;
    assert_eq!(answer.status, 302);
    let location = "https://cdn.example.test/x/@clerk/clerk-js@6/dist/clerk.browser.js";
    assert_eq!(answer.header("location"), Some(location));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let odd = instance.anonymous("GET", "/npm/@clerk/..%2f..%2fx.js").send().await;
    assert_eq!((odd.status.as_u16(), odd.header("location")), (404, None));
}

#[tokio::test]
async fn an_instance_that_has_none_says_what_to_set() {
    let instance = instance().await;
    insta::assert_snapshot!(Browser::new(&instance).get(SCRIPT).await, @"404 resource_not_found | not found | This instance has no packages to serve: set clerk_npm_dir or clerk_npm_base_url.");
}

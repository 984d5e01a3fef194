//! What a person is shown whose link does not work: a plain page without scripts.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// The page's only style; the policy allows it by its hash. Its colours are those of Actas's own page.
const STYLE: &str = ":root{color-scheme:light dark}\
body{margin:0;background:light-dark(#f4f3ef,#131318);color:light-dark(#1c1b22,#ecebf2);font:1rem/1.5 system-ui,sans-serif}\
main{max-width:40rem;margin:3rem auto;padding:1.75rem;box-sizing:border-box;background:light-dark(#fff,#1d1d24);\
border:1px solid light-dark(#dddad2,#363640);border-radius:14px;overflow-wrap:anywhere}\
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}p{margin:0 0 .75rem}\
small{color:light-dark(#5d5a66,#a9a7b6)}@media(max-width:42rem){main{margin:1rem}}";

/// Nothing is loaded, nothing runs, nothing is sent, and no other page shows this one in a frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
     style-src 'sha256-F01nXrZ8wSf+GchI1Wt7UmzTdlgwwD8WaKH6dPRKfwQ='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page. All its texts are plain and are escaped when it is written.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) status: StatusCode,
    pub(super) heading: &'a str,
    pub(super) paragraphs: &'a [&'a str],
    pub(super) footer: &'a str,
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.html()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
        response
    }
}

impl Page<'_> {
    fn html(&self) -> String {
        let heading = escaped(self.heading);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{heading}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{heading}</h1>\n"
        );
        for paragraph in self.paragraphs {
            html.push_str(&format!("<p>{}</p>\n", escaped(paragraph)));
        }
        html.push_str(&format!("<p><small>{}</small></p>\n</main>\n", escaped(self.footer)));
        html
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    #[test]
    fn the_policy_allows_exactly_the_style_there_is() {
        let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        assert!(CONTENT_SECURITY_POLICY.contains(&format!("style-src 'sha256-{hash}';")), "{hash}");
    }

    #[test]
    fn what_a_page_says_is_text() {
        let page = Page {
            status: StatusCode::OK,
            heading: "<b>&",
            paragraphs: &["\"><script>alert('x')</script>"],
            footer: "a < b",
        };
        let html = page.html();
        assert!(html.contains("<h1>&lt;b&gt;&amp;</h1>"), "{html}");
        assert!(html.contains("<p>&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p>"), "{html}");
        assert!(html.contains("<small>a &lt; b</small>"), "{html}");
    }
}

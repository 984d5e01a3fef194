//! The few pages that a person may see: plain HTML without scripts, for a browser that lands on Actas itself.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// The pages' only style; the policy allows it by its hash.
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}\
                     code{font-family:ui-monospace,monospace}small{opacity:.7}";

/// Nothing is loaded, nothing runs, nothing is sent, and no other page shows this one in a frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
     style-src 'sha256-91znSjWtWzxy/we7DjaMrPKMbP/KoJlwdgZLACzE4BE='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page. All its texts are plain and are escaped when it is written.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) status: StatusCode,
    pub(super) heading: &'a str,
    pub(super) paragraphs: &'a [&'a str],
    /// Commands or settings to copy, below the paragraphs.
    pub(super) commands: &'a [&'a str],
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
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{heading}</title>\n<style>{STYLE}</style>\n<h1>{heading}</h1>\n"
        );
        for paragraph in self.paragraphs {
            html.push_str(&format!("<p>{}</p>\n", escaped(paragraph)));
        }
        for command in self.commands {
            html.push_str(&format!("<pre><code>{}</code></pre>\n", escaped(command)));
        }
        if !self.footer.is_empty() {
            html.push_str(&format!("<p><small>{}</small></p>\n", escaped(self.footer)));
        }
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
            commands: &["a < b"],
            footer: "",
        };
        let html = page.html();
        assert!(html.contains("<h1>&lt;b&gt;&amp;</h1>"), "{html}");
        assert!(html.contains("<p>&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p>"), "{html}");
        assert!(html.contains("<code>a &lt; b</code>"), "{html}");
    }
}

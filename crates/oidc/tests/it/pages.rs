//! The pages that people see: those of the sign-in, in their language.

use axum::{
    body::Body,
    http::{Request, header},
};

use crate::support::{Answer, Served};

async fn page(served: &Served, path: &str, language: &str) -> Answer {
    let cookie = served.sign_in("1").await;
    let request =
        Request::get(path).header(header::COOKIE, cookie).header(header::ACCEPT_LANGUAGE, language);
    served.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_page_looks_like_the_sign_in_and_speaks_the_language_of_its_reader() {
    let served = Served::start().await;
    let consent =
        crate::flow::request(&[("client_id", "shop"), ("redirect_uri", "https://shop.example/cb")]);
    for (path, english, german) in [
        ("/oauth2/authorize", "This does not go on", "Hier geht es nicht weiter"),
        ("/oauth2/logout", "Sign out?", "Abmelden?"),
        ("/oauth2/device", "Connect a device", "Ein Gerät verbinden"),
        (&*consent, "asks to be told of you", "möchte von Ihnen erfahren"),
    ] {
        for (language, text) in [("en", english), ("de-AT,en;q=0.5", german)] {
            let page = page(&served, path, language).await;
            assert!(page.text.contains(text), "{path} {language} {}", page.text);
            assert!(page.text.contains("href=\"/signin/style.css\""), "{path}");
            assert!(page.text.contains(&format!("<html lang=\"{}\"", &language[..2])), "{path}");
            let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains("default-src 'none'") && !page.text.contains("<script"));
        }
    }
}

#[tokio::test]
async fn what_a_request_says_is_text_on_a_page() {
    let served = Served::start().await;
    let state = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in ["/oauth2/logout?state=", "/oauth2/device?user_code="] {
        let page = page(&served, &format!("{path}{state}"), "en").await;
        assert!(!page.text.contains("<script"), "{}", page.text);
        assert!(page.text.contains("&#60;script"), "{}", page.text);
    }
}

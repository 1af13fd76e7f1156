//! The doors to the certificates: what an administrator does with them, and what everybody may fetch of them.

use std::sync::Arc;

use actix_multipart::Multipart;
use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use dashboard::port::{
    Answer, CertificateView, Certificates as Port, Refusal, Trust as TrustPort, TrustView,
};
use futures::TryStreamExt;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::certificates::{Certificates, LONGEST, Offer, Refused};
use super::guard::asked_host;
use super::people::Caller;
use super::session::SignedIn;
use super::{Context, forms, names};
use crate::config::HostName;
use crate::telemetry::Chain;

/// The longest passphrase, in bytes.
const LONGEST_PASSPHRASE: usize = 1024;

/// The certificates in the hands of one administrator.
pub(super) struct Keeper {
    pub certificates: Arc<Certificates>,
    pub caller: Caller,
}

impl Keeper {
    async fn done(
        &self,
        work: impl FnOnce(&Certificates, &Caller) -> Result<(), Refused> + Send + 'static,
    ) -> Result<(), Refusal> {
        let (certificates, caller) = (Arc::clone(&self.certificates), self.caller.clone());
        let done = tokio::task::spawn_blocking(move || work(&certificates, &caller)).await;
        done.map_err(|_| Refusal::Failed)?.map_err(refusal)
    }
}

impl Port for Keeper {
    fn certificate(&self) -> Answer<'_, CertificateView> {
        let certificates = Arc::clone(&self.certificates);
        Box::pin(async move {
            tokio::task::spawn_blocking(move || certificates.view()).await.map_err(|_| Refusal::Failed)
        })
    }

    fn request(&self, names: String) -> Answer<'_, ()> {
        Box::pin(async move {
            let names = parse(&names).map_err(Refusal::Invalid)?;
            self.done(move |certificates, caller| certificates.request(&caller.by(), &names)).await
        })
    }

    fn own(&self) -> Answer<'_, ()> {
        Box::pin(self.done(|certificates, caller| certificates.own(&caller.by())))
    }
}

fn parse(names: &str) -> Result<Vec<HostName>, String> {
    let words = names.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    words.filter(|word| !word.is_empty()).map(str::parse).collect()
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Unfit(unfit) => Refusal::Invalid(unfit.to_string()),
        Refused::Invalid(why) => Refusal::Invalid(why),
        Refused::Failed(cause) => {
            tracing::error!(cause = %Chain(&cause), "the certificates could not be changed");
            Refusal::Failed
        }
    }
}

/// What a form brings. A key may be in any of it.
#[derive(Default)]
struct Brought {
    file: Zeroizing<Vec<u8>>,
    text: Zeroizing<Vec<u8>>,
    passphrase: Zeroizing<Vec<u8>>,
}

/// Takes a certificate that is brought, by what is in it.
pub(super) async fn install(
    context: web::Data<Context>,
    request: HttpRequest,
    form: Multipart,
) -> HttpResponse {
    let to = |query: &str| forms::go_to(&format!("/settings/certificate?{query}")).finish();
    let caller = request.extensions().get::<SignedIn>().map(|signed_in| signed_in.caller.clone());
    let Some(caller) = caller else { return forms::go_to("/login").finish() };
    let brought = match read(form).await {
        Ok(brought) => brought,
        Err(word) => return to(&format!("error={word}")),
    };
    let Brought { file, text, passphrase } = brought;
    let bytes = if file.is_empty() { text } else { file };
    if bytes.is_empty() {
        return to("error=certificate-none");
    }
    let certificates = Arc::clone(&context.certificates);
    let installed = tokio::task::spawn_blocking(move || {
        let passphrase = SecretString::from(String::from_utf8_lossy(&passphrase).into_owned());
        let by = caller.by();
        let offer = Offer::read(&bytes, &passphrase).inspect_err(|unfit| certificates.refuse(&by, unfit))?;
        certificates.install(&by, &offer)
    });
    match installed.await {
        Ok(Ok(())) => to("done=installed"),
        Ok(Err(Refused::Unfit(_) | Refused::Invalid(_))) => to("error=certificate"),
        Ok(Err(Refused::Failed(cause))) => {
            tracing::error!(cause = %Chain(&cause), "a certificate could not be taken into use");
            to("error=failed")
        }
        Err(_) => to("error=failed"),
    }
}

async fn read(mut form: Multipart) -> Result<Brought, &'static str> {
    let mut brought = Brought::default();
    let unreadable = |_| "unreadable";
    while let Some(mut field) = form.try_next().await.map_err(unreadable)? {
        let (to, longest) = match field.name() {
            Some("file") => (&mut brought.file, LONGEST),
            Some("text") => (&mut brought.text, LONGEST),
            Some("passphrase") => (&mut brought.passphrase, LONGEST_PASSPHRASE),
            _ => return Err("unreadable"),
        };
        while let Some(piece) = field.try_next().await.map_err(unreadable)? {
            if to.len().saturating_add(piece.len()) > longest {
                return Err("certificate-large");
            }
            to.extend_from_slice(&piece);
        }
    }
    Ok(brought)
}

/// The request that waits, to take away.
pub(super) async fn request(context: web::Data<Context>) -> HttpResponse {
    let certificates = Arc::clone(&context.certificates);
    match tokio::task::spawn_blocking(move || certificates.waiting_request()).await.ok().flatten() {
        Some(pem) => HttpResponse::Ok()
            .content_type("application/pkcs10")
            .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"platen-request.pem\""))
            .body(pem),
        None => HttpResponse::NotFound().finish(),
    }
}

/// The authority's certificate, as Linux and Firefox take it.
pub(super) async fn authority_pem(context: web::Data<Context>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/x-x509-ca-cert")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"platen-ca.pem\""))
        .body(context.certificates.authority().to_owned())
}

/// The same, as everybody else takes it.
pub(super) async fn authority_der(context: web::Data<Context>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/x-x509-ca-cert")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"platen-ca.crt\""))
        .body(context.certificates.authority_der().to_vec())
}

/// The address of the page of instructions, for a camera.
pub(super) async fn qr_code(context: web::Data<Context>, request: HttpRequest) -> HttpResponse {
    let address = address(&context, &request);
    match QrCode::with_error_correction_level(address.as_bytes(), EcLevel::M) {
        Ok(code) => HttpResponse::Ok()
            .content_type("image/svg+xml")
            .body(code.render::<svg::Color<'_>>().min_dimensions(220, 220).build()),
        // An address longer than any code.
        Err(_) => HttpResponse::NotFound().finish(),
    }
}

/// Where another device finds the page of instructions: by the name that was asked for, if it leads here from elsewhere.
fn address(context: &Context, request: &HttpRequest) -> String {
    let asked = asked_host(request);
    let (host, port) = match &asked {
        Some((host, port)) => (Some(host.clone()), *port),
        None => (None, None),
    };
    let host = host.filter(|host| !names::is_loopback(host));
    let host = context.certificates.names().best(host, None);
    format!("https://{}/trust", names::with_port(&host, port.unwrap_or(context.port)))
}

/// How a device comes to trust the box, as it was asked for.
pub(super) struct Trust {
    view: TrustView,
}

impl Trust {
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let context = request.app_data::<web::Data<Context>>()?;
        let view = TrustView {
            authority: context.certificates.authority_fingerprint().to_owned(),
            address: address(context, request),
            plant: context.certificates.has_plants(),
        };
        Some(Trust { view })
    }
}

impl TrustPort for Trust {
    fn trust(&self) -> TrustView {
        self.view.clone()
    }
}

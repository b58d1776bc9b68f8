//! The HTTP half of the backend.

use std::io::Read;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use tokio::net::TcpListener;

use super::super::Signal;
use super::super::answer::Answer;
use super::Intake;

pub(super) async fn serve(listener: TcpListener, intake: Intake) {
    let router = Router::new()
        .route("/v1/{signal}", post(export))
        .layer(DefaultBodyLimit::disable())
        .with_state(intake);
    axum::serve(listener, router).await.unwrap();
}

async fn export(
    State(intake): State<Intake>,
    Path(signal): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(signal) = Signal::ALL.into_iter().find(|known| known.name() == signal) else {
        return answer(StatusCode::NOT_FOUND, None);
    };
    let text = |name: &axum::http::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if text(&CONTENT_TYPE) != Some("application/x-protobuf") {
        return answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, None);
    }
    let body = decompress(text(&CONTENT_ENCODING).unwrap_or("identity"), &body);
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    match intake.take(signal, headers, &body).await {
        Answer::Accept | Answer::Behind(_) => answer(StatusCode::OK, None),
        Answer::Http(status) => answer(StatusCode::from_u16(status).unwrap(), None),
        Answer::HttpRetryAfter(status, seconds) => {
            answer(StatusCode::from_u16(status).unwrap(), Some(seconds))
        }
        // The test programmed a gRPC answer for HTTP.
        Answer::Grpc(_) | Answer::GrpcRetryAfter(..) => answer(StatusCode::IM_A_TEAPOT, None),
    }
}

fn answer(status: StatusCode, retry_after: Option<u64>) -> Response {
    let mut response =
        Response::builder().status(status).header(CONTENT_TYPE, "application/x-protobuf");
    if let Some(seconds) = retry_after {
        response = response.header(RETRY_AFTER, seconds);
    }
    response.body(Body::empty()).unwrap()
}

fn decompress(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match encoding {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain),
        "deflate" | "zlib" => flate2::read::ZlibDecoder::new(body).read_to_end(&mut plain),
        "zstd" => zstd::Decoder::new(body).and_then(|mut decoder| decoder.read_to_end(&mut plain)),
        "identity" => return body.to_vec(),
        other => panic!("the gateway sent content-encoding {other}"),
    }
    .expect("the gateway compressed correctly");
    plain
}

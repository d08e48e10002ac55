//! The key service on the wire.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use connector_adapters::vault::{KeyService, KmsKeys, SealContext};
use connector_domain::ports::PortErrorKind;
use connector_testkit::builders::{connection, workspace};
use serde_json::json;

use crate::support::aws;

const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/k";

fn context() -> SealContext {
    SealContext::token(&connection("c1", &workspace("acme"), "42"))
}

#[tokio::test]
async fn data_keys_are_made_and_opened_in_their_context() {
    let (plain, sealed) = (BASE64_STANDARD.encode([7; 32]), BASE64_STANDARD.encode(b"sealed"));
    let service =
        aws::serve(move |_, _| (200, json!({ "KeyId": KEY, "Plaintext": plain, "CiphertextBlob": sealed }))).await;
    let keys = KmsKeys::new(aws::client!(aws_sdk_kms, &service.url), KEY);
    let key = keys.generate(&context()).await.unwrap();
    assert_eq!((*key.plain, key.sealed.as_slice(), key.key_id.as_str()), ([7; 32], &b"sealed"[..], KEY));
    assert_eq!(*keys.open(&key.sealed, &context()).await.unwrap(), [7; 32]);

    let encryption_context =
        json!({ "connection": "c1", "provider": "github", "purpose": "provider-token", "workspace": "acme" });
    let calls = service.calls();
    assert_eq!((calls[0].0.as_str(), calls[1].0.as_str()), ("GenerateDataKey", "Decrypt"));
    for (_, body) in &calls {
        assert_eq!((&body["EncryptionContext"], &body["KeyId"]), (&encryption_context, &json!(KEY)));
    }
    assert_eq!(calls[0].1["KeySpec"], "AES_256");
    assert_eq!(calls[1].1["CiphertextBlob"], BASE64_STANDARD.encode(b"sealed"));
}

#[tokio::test]
async fn faults_are_told_apart() {
    for (status, code, kind) in [
        (400, "ThrottlingException", PortErrorKind::Temporary),
        (500, "KMSInternalException", PortErrorKind::Temporary),
        (503, "DependencyTimeoutException", PortErrorKind::Temporary),
        (400, "DisabledException", PortErrorKind::Permanent),
        (409, "KMSInvalidStateException", PortErrorKind::Permanent),
        (400, "AccessDeniedException", PortErrorKind::Permanent),
        (400, "NotFoundException", PortErrorKind::Permanent),
        (400, "InvalidCiphertextException", PortErrorKind::Corrupt),
        (400, "IncorrectKeyException", PortErrorKind::Corrupt),
    ] {
        let service = aws::serve(move |_, _| aws::error(status, code)).await;
        let keys = KmsKeys::new(aws::client!(aws_sdk_kms, &service.url), KEY);
        assert_eq!(keys.open(b"sealed", &context()).await.unwrap_err().kind, kind, "{code}");
        if kind != PortErrorKind::Corrupt {
            assert_eq!(keys.generate(&context()).await.err().unwrap().kind, kind, "{code}");
        }
    }
}

#[tokio::test]
async fn a_key_of_another_size_is_refused() {
    let plain = BASE64_STANDARD.encode([7; 16]);
    let service =
        aws::serve(move |_, _| (200, json!({ "KeyId": KEY, "Plaintext": plain, "CiphertextBlob": "" }))).await;
    let keys = KmsKeys::new(aws::client!(aws_sdk_kms, &service.url), KEY);
    assert!(keys.open(b"sealed", &context()).await.is_err());
    assert!(keys.generate(&context()).await.is_err());
}

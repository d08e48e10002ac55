//! Configurations, patterns, pieces and names agree with the corpus, except where they differ on purpose.

use std::path::{Path, PathBuf};

use connector_documents::Cl100k;
use connector_domain::documents::{ChunkSettings, Include, chunk, config_of, content_hash, slug};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Deserialize)]
struct Case<I, O> {
    input: I,
    output: O,
}

/// An external folder, which is not part of the project; `None`, said aloud, where there is none.
#[expect(clippy::disallowed_methods, reason = "where a corpus lies is a matter of the machine")]
fn cases<I: DeserializeOwned, O: DeserializeOwned>(name: &str) -> Vec<Case<I, O>> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("CONNECTORS_CORPUS").map_or_else(default, PathBuf::from);
    let path = root.join("vectors/functions").join(name).with_extension("json");
    match std::fs::read(&path) {
        Ok(raw) => serde_json::from_slice(&raw).unwrap(),
        Err(_) => {
            println!("skipped: no corpus at {}", path.display());
            Vec::new()
        }
    }
}

#[test]
fn configurations_are_judged_the_same() {
    for case in cases::<Value, Value>("config") {
        match config_of(&case.input) {
            Ok(config) => assert_eq!(serde_json::to_value(config).unwrap(), case.output["ok"]),
            Err(error) => assert_eq!(error.to_string(), case.output["err"], "{}", case.input),
        }
    }
}

#[test]
fn patterns_mean_the_same() {
    #[derive(Deserialize)]
    struct Asked {
        path: String,
        pattern: String,
    }
    for case in cases::<Asked, bool>("glob") {
        let Asked { path, pattern } = case.input;
        let include = Include::new(std::slice::from_ref(&pattern)).unwrap();
        assert_eq!(include.matches(&path), case.output, "{path} {pattern}");
    }
}

#[test]
fn hashes_and_slugs_are_the_same() {
    for case in cases::<String, String>("contentHash") {
        assert_eq!(content_hash(&case.input), case.output);
    }
    for case in cases::<Value, String>("configHash") {
        let settings = &case.input["settings"]["embedding"];
        let number = |name: &str| usize::try_from(settings[name].as_u64().unwrap()).unwrap();
        let chunks = ChunkSettings { max_tokens: number("chunkMaxTokens"), overlap: number("chunkOverlap") };
        assert_eq!(chunks.hash(settings["embeddingModel"].as_str().unwrap(), number("embeddingDim")), case.output);
    }
    for case in cases::<Value, String>("slug") {
        let text = |name: &str| case.input[name].as_str().unwrap();
        assert_eq!(slug(text("title"), text("sourceId")), case.output);
    }
}

/// The texts of pieces are the same, but for two things. Of a segment that is too long by itself the corpus counts the white
/// space before it, so its first piece ends a token earlier; and it keeps a piece of nothing but white space as an empty one.
/// The places of pieces are not the same: those of the corpus have the white space around a piece in them, and its counts of
/// tokens are sums over segments; here both are of the text itself.
#[test]
fn texts_are_cut_the_same() {
    #[derive(Deserialize)]
    struct Asked {
        text: String,
        options: Option<Options>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Options {
        max_tokens: usize,
        overlap: usize,
    }
    let mut on_purpose = 0;
    for (n, case) in cases::<Asked, Vec<Value>>("chunk").into_iter().enumerate() {
        let usual = ChunkSettings::default();
        let settings = case
            .input
            .options
            .map_or(usual, |options| ChunkSettings { max_tokens: options.max_tokens, overlap: options.overlap });
        let pieces = chunk(&case.input.text, settings, &Cl100k);
        let ours: Vec<&str> = pieces.iter().map(|piece| &case.input.text[piece.range.clone()]).collect();
        let theirs = case.output.iter().map(|piece| piece["text"].as_str().unwrap());
        let theirs: Vec<&str> = theirs.filter(|text| !text.is_empty()).collect();
        if ours != theirs {
            let words = |texts: &[&str]| texts.iter().flat_map(|text| text.split_whitespace()).count();
            assert_eq!(words(&ours), words(&theirs), "case {n}");
            assert_eq!(ours[0], theirs[0], "case {n}");
            assert!(pieces[1..].iter().all(|piece| piece.tokens <= settings.max_tokens), "case {n}");
            on_purpose += 1;
            continue;
        }
        for (piece, expected) in pieces.iter().zip(&case.output) {
            let within = |name: &str| usize::try_from(expected[name].as_u64().unwrap()).unwrap();
            assert!(piece.range.start >= within("startOffset") && piece.range.end <= within("endOffset"), "case {n}");
            assert!(piece.tokens <= within("tokens"), "case {n}: {} tokens", piece.tokens);
        }
    }
    println!("on purpose: {on_purpose}");
    assert!(on_purpose <= 1);
}

//! Asking a server: each thing that can happen, and that exactly one request is made.

use std::time::Duration;

use states::words::NanoUsd;

use super::fake::{Act, FakeModel};
use crate::models::testing::{secret, tls};
use crate::models::{
    Answer, Api, Asking, Billed, CallClass, CallError, Finish, HoldCause, OpenAiOptions, Provider, ProviderOptions,
    Question, SchemaMode, Secret, TriageInput, Usage, parse_triage, record,
};
use crate::templates::Templates;

const GOOD: &str =
    r#"{"relevance":70,"kind":"release","topic":"t","keywords":["wal"],"confidence_percent":80,"why":"w"}"#;

pub(super) fn question() -> Question {
    let input = TriageInput {
        title: "Quillstore 4.2".into(),
        url: "https://samples.example/0".into(),
        source_kind: states::words::SourceKind::Primary,
        published: None,
        text: "Quillstore 4.2 lowers the write latency. ".repeat(20),
        site_topics: vec!["databases".into()],
        now: "2026-11-21T00:00:00Z".parse().unwrap(),
    };
    Question::triage(input, &Asking::new(&Templates::built_in(), &secret())).unwrap()
}

fn options(server: &FakeModel) -> OpenAiOptions {
    OpenAiOptions {
        name: "hosted".into(),
        base_url: format!("{}/v1", server.root),
        model: "quill-7b".into(),
        api_key: Some(Secret::new("k-very-secret\n")),
        timeout_seconds: 2,
        price_in: 1.0,
        price_cached: Some(0.5),
        price_out: 2.0,
        ..OpenAiOptions::default()
    }
}

fn provider(options: OpenAiOptions) -> Provider {
    Provider::new(ProviderOptions::OpenAi(Box::new(options))).unwrap()
}

async fn ask_once(act: Act) -> (Result<Answer, CallError>, FakeModel) {
    let server = FakeModel::start(vec![act]).await;
    let answer = provider(options(&server)).ask(&question()).await;
    assert_eq!(server.ledger().len(), 1, "exactly one request: {answer:?}");
    (answer, server)
}

fn reply(status: u16, body: &str) -> Act {
    Act::Reply(status, Vec::new(), body.to_owned())
}

#[tokio::test]
async fn a_good_answer_comes_with_its_counts_and_its_cost() {
    let (answer, server) = ask_once(Act::Complete(GOOD.into(), "stop", 100)).await;
    let answer = answer.unwrap();
    assert_eq!(parse_triage(&answer.text).unwrap().relevance, 70);
    assert_eq!((answer.model.as_str(), answer.tokens_out, answer.tokens_cached), ("quill-7b-2026", 20, 8));
    assert_eq!(answer.finish, Finish::Stop);
    let hosted = provider(options(&server));
    let expected = (answer.tokens_in - 8) as i64 * 1_000 + 8 * 500 + 20 * 2_000;
    assert_eq!(hosted.cost(&answer.usage()), NanoUsd(expected));
    assert!(hosted.cost(&answer.usage()) < hosted.most(&question()));
    assert_eq!(hosted.writer(&answer).family, "quill");

    let seen = &server.ledger()[0];
    assert_eq!(seen.path, "/v1/chat/completions");
    assert_eq!(seen.headers["authorization"], "Bearer k-very-secret");
    assert_eq!(seen.body["response_format"]["json_schema"]["name"], "triage");
    assert_eq!(seen.body["response_format"]["json_schema"]["strict"], true);
    assert_eq!(seen.body["max_tokens"], 700);
    assert_eq!(seen.body["messages"][0]["role"], "system");
    assert!(seen.body.get("seed").is_none());
}

#[tokio::test]
async fn a_server_error_is_asked_once_and_may_have_been_billed() {
    let (answer, _server) = ask_once(Act::Reply(500, vec![("retry-after", "3")], "oops".into())).await;
    let error = answer.unwrap_err();
    assert_eq!(error, CallError::Server { status: 500, after_seconds: Some(3) });
    assert_eq!(error.class(), CallClass::Retry { after_seconds: Some(3) });
    assert_eq!(error.billed(), Billed::Unknown);
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let (answer, _server) = ask_once(Act::Reply(429, vec![("retry-after", "17")], "{}".into())).await;
    let error = answer.unwrap_err();
    assert_eq!(error, CallError::RateLimited { after_seconds: Some(17) });
    assert_eq!((error.class(), error.billed()), (CallClass::Retry { after_seconds: Some(17) }, Billed::No));
}

#[tokio::test]
async fn no_answer_in_time_passes_the_model_over() {
    let server = FakeModel::start(vec![Act::Hang(Duration::from_secs(5))]).await;
    let quick = OpenAiOptions { timeout_seconds: 1, ..options(&server) };
    let error = provider(quick).ask(&question()).await.unwrap_err();
    assert_eq!(error, CallError::TimedOut { seconds: 1 });
    assert_eq!((error.class(), error.billed()), (CallClass::NextTier, Billed::Unknown));
    assert_eq!(server.ledger().len(), 1);
}

#[tokio::test]
async fn a_reply_that_is_no_completion_is_malformed() {
    for body in ["{\"choices\": [", "<html>503</html>", "", "{}", "[]", "null", &"[".repeat(100_000)] {
        let (answer, _server) = ask_once(reply(200, body)).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, CallError::Malformed { .. }), "{body:.20}: {error:?}");
        assert_eq!(error.class(), CallClass::Retry { after_seconds: None });
        assert_eq!(error.billed(), Billed::Unknown);
    }
    let (answer, _server) = ask_once(Act::Complete(" ".into(), "stop", 100)).await;
    assert!(matches!(answer.unwrap_err().billed(), Billed::Tokens(_)));
}

#[tokio::test]
async fn an_endless_reply_is_cut_off() {
    let (answer, _server) = ask_once(Act::Flood).await;
    assert!(answer.unwrap_err().to_string().contains("longer than"));
}

#[tokio::test]
async fn an_answer_at_its_limit_is_cut_off_and_billed() {
    let (answer, _server) = ask_once(Act::Complete("{\"rel".into(), "length", 100)).await;
    let error = answer.unwrap_err();
    assert!(matches!(error, CallError::CutOff { usage: Usage { tokens_out: 20, .. } }), "{error:?}");
    assert_eq!(error.class(), CallClass::NextTier);
}

#[tokio::test]
async fn a_prompt_of_which_the_server_read_a_part_is_noticed() {
    let (answer, _server) = ask_once(Act::Complete(GOOD.into(), "stop", 40)).await;
    let error = answer.unwrap_err();
    let CallError::Clipped { sent_estimate, counted, .. } = error else { panic!("{error:?}") };
    assert!(counted * 100 < sent_estimate * 60);
}

#[tokio::test]
async fn a_model_that_is_missing_holds_the_station() {
    for (status, body) in [
        (404, r#"{"error":{"message":"The model `quill-7b` does not exist","code":"model_not_found"}}"#),
        (404, r#"{"error":"model 'quill-7b' not found, try pulling it first"}"#),
        (400, r#"{"error":{"code":"model_not_found","message":"x"}}"#),
    ] {
        let (answer, _server) = ask_once(reply(status, body)).await;
        let error = answer.unwrap_err();
        assert_eq!(error, CallError::ModelMissing { model: "quill-7b".into() });
        assert_eq!(error.class(), CallClass::Defer(HoldCause::ModelMissing));
    }
}

#[tokio::test]
async fn keys_credit_redirects_and_refusals_are_told_apart() {
    let body = r#"{"error":{"message":"bad k-very-secret, see https://h.example/?q=1"}}"#;
    for (status, text, wanted) in [
        (401, body, CallError::Auth { status: 401 }),
        (403, body, CallError::Auth { status: 403 }),
        (402, body, CallError::NoCredit),
        (429, r#"{"error":{"code":"insufficient_quota"}}"#, CallError::NoCredit),
        (400, body, CallError::BadRequest { status: 400, message: "bad ***, see ***".into() }),
        (404, "no such path", CallError::BadRequest { status: 404, message: "no such path".into() }),
    ] {
        let (answer, _server) = ask_once(reply(status, text)).await;
        assert_eq!(answer.unwrap_err(), wanted);
    }
    let (answer, server) = ask_once(Act::Reply(307, vec![("location", "/elsewhere")], String::new())).await;
    assert!(answer.unwrap_err().to_string().contains("redirects"), "{:?}", server.ledger());
    let (answer, _server) = ask_once(Act::Complete("no".into(), "content_filter", 100)).await;
    assert!(matches!(answer.unwrap_err(), CallError::Refused { .. }));
}

#[tokio::test]
async fn a_server_that_is_not_there_bills_nothing_and_is_not_named() {
    tls();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = OpenAiOptions {
        base_url: format!("http://127.0.0.1:{port}/v1"),
        model: "m".into(),
        ..OpenAiOptions::default()
    };
    let error = provider(options).ask(&question()).await.unwrap_err();
    assert_eq!(error, CallError::NotListening);
    assert_eq!(error.billed(), Billed::No);
    assert!(!error.to_string().contains(&port.to_string()));
}

#[tokio::test]
async fn what_cannot_fit_is_not_sent() {
    let server = FakeModel::start(vec![]).await;
    let small = OpenAiOptions { context_tokens: 1_024, ..options(&server) };
    let error = provider(small).ask(&question()).await.unwrap_err();
    assert!(matches!(error, CallError::TooLong { context: 1_024, .. }), "{error:?}");
    assert!(server.ledger().is_empty());
}

#[tokio::test]
async fn ollama_is_told_its_context() {
    let body = r#"{"model":"quill:7b","message":{"role":"assistant","content":"{}"},"done":true,"done_reason":"stop",
        "prompt_eval_count":900,"eval_count":5}"#;
    let server = FakeModel::start(vec![reply(200, body)]).await;
    let local = OpenAiOptions { api: Api::Ollama, base_url: server.root.clone(), api_key: None, ..options(&server) };
    let answer = provider(local).ask(&question()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.tokens_in, answer.tokens_out), ("{}", 900, 5));
    let seen = &server.ledger()[0];
    assert_eq!(seen.path, "/api/chat");
    assert_eq!(seen.body["options"]["num_ctx"], 32_768);
    assert_eq!(seen.body["format"]["type"], "object");
    assert_eq!((&seen.body["stream"], &seen.body["think"]), (&true.into(), &false.into()));
    assert_eq!(seen.body["keep_alive"], "10m");
    assert!(!seen.headers.contains_key("authorization"), "no key, no header");
}

#[tokio::test]
async fn the_body_follows_the_options() {
    let server = FakeModel::start(vec![Act::Complete(GOOD.into(), "stop", 100)]).await;
    let special = OpenAiOptions {
        schema_mode: SchemaMode::JsonObject,
        token_limit_key: "max_completion_tokens".into(),
        send_temperature: false,
        stream: false,
        extra_body: serde_json::json!({"reasoning_effort": "low", "stream": true}).as_object().unwrap().clone(),
        ..options(&server)
    };
    let mut second = question();
    second.sample = 2;
    provider(special).ask(&second).await.unwrap();
    let body = &server.ledger()[0].body;
    assert_eq!(body["response_format"], serde_json::json!({"type": "json_object"}));
    assert_eq!((&body["max_completion_tokens"], &body["seed"]), (&serde_json::json!(700), &serde_json::json!(2)));
    assert!(body.get("max_tokens").is_none() && body.get("temperature").is_none());
    assert_eq!((&body["reasoning_effort"], &body["stream"]), (&serde_json::json!("low"), &serde_json::json!(false)));
}

#[test]
fn options_that_cannot_work_are_refused_with_the_reason() {
    tls();
    let good = || OpenAiOptions { model: "m".into(), ..OpenAiOptions::default() };
    for (options, word) in [
        (OpenAiOptions { base_url: "ftp://x/v1".into(), ..good() }, "base_url"),
        (OpenAiOptions { base_url: "http://u:p@x/v1".into(), ..good() }, "user"),
        (OpenAiOptions { model: String::new(), ..good() }, "model"),
        (OpenAiOptions { price_in: f64::NAN, ..good() }, "prices"),
        (OpenAiOptions { api_key: Some(Secret::new("a\nb")), ..good() }, "key"),
        (OpenAiOptions { timeout_seconds: 0, ..good() }, "timeout"),
    ] {
        let error = Provider::new(ProviderOptions::OpenAi(Box::new(options))).unwrap_err().to_string();
        assert!(error.contains(word) && !error.contains("a\nb"), "{error}");
    }
    let shown = format!("{:?}", OpenAiOptions { api_key: Some(Secret::new("hidden")), ..good() });
    assert!(!shown.contains("hidden"));
}

#[test]
fn options_are_read_as_people_write_them() {
    let text = "kind = \"openai\"\nname = \"box\"\napi = \"ollama\"\nbase_url = \"http://10.0.0.5:11434\"\nmodel = \"Qwen2.5:14b\"\n";
    let options: ProviderOptions = toml::from_str(text).unwrap();
    let ProviderOptions::OpenAi(options) = options else { panic!("{options:?}") };
    assert_eq!((options.api, options.family()), (Api::Ollama, "qwen".to_owned()));
    assert_eq!(toml::from_str::<ProviderOptions>("kind = \"builtin\"").unwrap(), ProviderOptions::BuiltIn);
    assert!(toml::from_str::<ProviderOptions>("kind = \"openai\"\ncolour = 1").is_err());
}

#[tokio::test]
async fn what_was_recorded_is_said_again_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (answer, _server) = ask_once(Act::Complete(GOOD.into(), "stop", 100)).await;
    let answer = answer.unwrap();
    let path = record(folder.path(), &question(), "hosted", &answer).unwrap();
    assert_eq!(path.file_stem().unwrap().to_str().unwrap(), question().key().as_str());
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(!written.contains("secret") && !written.contains("127.0.0.1"), "{written}");

    let replay = |folder: &std::path::Path| {
        Provider::new(ProviderOptions::Replay { folder: folder.to_owned(), provider: "hosted".into() }).unwrap()
    };
    assert_eq!(replay(folder.path()).ask(&question()).await, Ok(answer));
    let mut other = question();
    other.sample = 1;
    let missing = replay(folder.path()).ask(&other).await.unwrap_err();
    assert_eq!(missing.class(), CallClass::Defer(HoldCause::RecordingMissing));
    std::fs::rename(&path, folder.path().join("hosted").join(format!("{}.json", other.key()))).unwrap();
    assert!(matches!(replay(folder.path()).ask(&other).await, Err(CallError::Malformed { .. })));
    assert!(record(folder.path(), &other, "../x", &Answer { text: String::new(), ..parse_dummy() }).is_err());
}

fn parse_dummy() -> Answer {
    Answer {
        text: String::new(),
        model: "m".into(),
        tokens_in: 0,
        tokens_out: 0,
        tokens_cached: 0,
        tokens_cache_write: 0,
        finish: Finish::Stop,
        milliseconds: 0,
    }
}

//! The three interfaces, whole and as streams: the same answer, the same counts, the same errors, wherever a stream is cut.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::asking::question;
use super::fake::{Act, FakeModel};
use crate::models::{
    Answer, Api, Billed, CallClass, CallError, HoldCause, Loaded, OpenAiOptions, Provider, ProviderOptions, SchemaMode,
    Secret,
};

const APIS: [Api; 3] = [Api::OpenAi, Api::Ollama, Api::Anthropic];
const TEXT: &str = "{\"relevance\": 70, \"why\": \"äöü\"}";

fn provider(server: &FakeModel, api: Api, change: impl FnOnce(&mut OpenAiOptions)) -> Provider {
    let base_url = if api == Api::OpenAi { format!("{}/v1", server.root) } else { server.root.clone() };
    let mut options = OpenAiOptions {
        name: "box".into(),
        api,
        base_url,
        model: "quill:7b".into(),
        api_key: Some(Secret::new("k-1")),
        timeout_seconds: 5,
        price_in: 1.0,
        price_cached: Some(0.1),
        price_cache_write: Some(1.25),
        price_out: 5.0,
        ..OpenAiOptions::default()
    };
    change(&mut options);
    Provider::new(ProviderOptions::OpenAi(Box::new(options))).unwrap()
}

async fn ask(api: Api, act: Act) -> (Result<Answer, CallError>, FakeModel) {
    let server = FakeModel::start(vec![act]).await;
    let answer = provider(&server, api, |_| ()).ask(&question()).await;
    assert_eq!(server.ledger().len(), 1, "exactly one request: {answer:?}");
    (answer, server)
}

fn sse(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("x"))).collect()
}

/// The pieces of a stream that says `text` after some thinking: 900 tokens in, 300 of them cached, 12 out.
fn pieces(api: Api, text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let parts: Vec<String> = chars.chunks(5).map(|part| part.iter().collect()).collect();
    match api {
        Api::OpenAi => {
            let chunk = |delta: Value, finish: Value| json!({"model": "quill-2026", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
            let mut events =
                vec![chunk(json!({"role": "assistant", "reasoning_content": "hm {\"a\": 1}"}), Value::Null)];
            events.extend(parts.iter().map(|part| chunk(json!({"content": part}), Value::Null)));
            events.push(chunk(json!({}), json!("stop")));
            let usage = json!({
                "prompt_tokens": 900, "completion_tokens": 12, "prompt_tokens_details": {"cached_tokens": 300},
            });
            events.push(json!({"model": "quill-2026", "choices": [], "usage": usage}));
            let mut pieces: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
            pieces.push("data: [DONE]\n\n".into());
            pieces
        }
        Api::Ollama => {
            let line = |content: &str, thinking: &str| json!({"model": "quill-2026", "message": {"content": content, "thinking": thinking}, "done": false});
            let mut lines = vec![line("", "hm {\"a\": 1}")];
            lines.extend(parts.iter().map(|part| line(part, "")));
            lines.push(json!({
                "model": "quill-2026", "message": {"content": ""}, "done": true, "done_reason": "stop",
                "prompt_eval_count": 900, "prompt_eval_cached_count": 300, "eval_count": 12,
            }));
            lines.iter().map(|line| format!("{line}\n")).collect()
        }
        Api::Anthropic => {
            let usage = json!({"input_tokens": 400, "cache_read_input_tokens": 300, "cache_creation_input_tokens": 200, "output_tokens": 1});
            let mut events = vec![
                json!({"type": "message_start", "message": {"model": "quill-2026", "content": [], "usage": usage}}),
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
                json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
                json!({"type": "ping"}),
            ];
            events.extend(parts.iter().map(|part| {
                json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": part}})
            }));
            events.push(json!({"type": "content_block_stop", "index": 1}));
            events.push(
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 12}}),
            );
            events.push(json!({"type": "message_stop"}));
            sse(&events)
        }
    }
}

fn kind(api: Api) -> &'static str {
    if api == Api::Ollama { "application/x-ndjson" } else { "text/event-stream; charset=utf-8" }
}

#[tokio::test]
async fn a_streamed_answer_is_the_same_as_a_whole_one() {
    for api in APIS {
        let (answer, server) = ask(api, Act::Stream(kind(api), pieces(api, TEXT), false, Duration::ZERO)).await;
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.model.as_str()), (TEXT, "quill-2026"), "{api:?}");
        assert_eq!((answer.tokens_in, answer.tokens_out, answer.tokens_cached), (900, 12, 300), "{api:?}");
        assert_eq!(answer.tokens_cache_write, if api == Api::Anthropic { 200 } else { 0 });
        let seen = &server.ledger()[0];
        assert_eq!(seen.body["stream"], true);
        assert_eq!(seen.body["stream_options"]["include_usage"].is_null(), api != Api::OpenAi);
        // 300 cached at a tenth, 200 written at five quarters, the rest at the full price.
        let cost = provider(&server, api, |_| ()).cost(&answer.usage()).0;
        let expected = if api == Api::Anthropic { 400_000 + 30_000 + 250_000 } else { 600_000 + 30_000 };
        assert_eq!(cost, expected + 60_000, "{api:?}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_before_its_last_mark_is_no_answer_wherever_it_is_cut() {
    for api in APIS {
        let all = pieces(api, TEXT);
        for cut in 0..all.len() {
            for broken in [false, true] {
                let part = all[..cut].to_vec();
                let (answer, _server) = ask(api, Act::Stream(kind(api), part, broken, Duration::from_millis(5))).await;
                let error = answer.expect_err("half an answer is none");
                let connection = CallError::Unreachable { sent: true };
                assert!(
                    matches!(error, CallError::Broken { .. }) || (cut == 0 && error == connection),
                    "{api:?} at {cut}: {error:?}"
                );
                assert_eq!((error.billed(), error.is_gone()), (Billed::Unknown, true));
                assert_eq!(error.class(), CallClass::Retry { after_seconds: None });
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_stops_in_the_middle_is_given_up_long_before_its_time() {
    for api in APIS {
        let half = pieces(api, TEXT)[..5].to_vec();
        let act = Act::Stream(kind(api), half, false, Duration::from_secs(20));
        let server = FakeModel::start(vec![act]).await;
        let hasty = provider(&server, api, |o| (o.idle_seconds, o.timeout_seconds) = (1, 15));
        let error = hasty.ask(&question()).await.unwrap_err();
        assert!(matches!(error, CallError::Stalled { seconds: 1, .. }), "{api:?}: {error:?}");
        assert_eq!(error.class(), CallClass::NextTier);
    }
}

#[tokio::test]
async fn a_model_that_babbles_is_cut_off() {
    for api in APIS {
        let endless: String = (0..3_000).map(|n| format!("word{n} ")).collect();
        for (text, why) in
            [(endless, "more than its limit"), ("and so on ".repeat(600), "again"), (" ".repeat(4_000), "blank")]
        {
            // Its end never comes.
            let mut pieces = pieces(api, &text);
            pieces.truncate(pieces.len() - 1);
            let (answer, _server) = ask(api, Act::Stream(kind(api), pieces, false, Duration::from_secs(20))).await;
            let error = answer.unwrap_err();
            assert!(matches!(&error, CallError::Babbling { why: said } if said.contains(why)), "{api:?}: {error:?}");
            assert_eq!((error.class(), error.billed()), (CallClass::NextTier, Billed::Unknown));
        }
    }
}

#[tokio::test]
async fn errors_in_the_middle_of_a_stream_are_understood() {
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for (api, piece, expected) in [
        (
            Api::Anthropic,
            format!("event: error\ndata: {overloaded}\n\n"),
            CallError::Server { status: 529, after_seconds: None },
        ),
        (
            Api::Ollama,
            "{\"error\":\"the runner has ended\"}\n".into(),
            CallError::Server { status: 500, after_seconds: None },
        ),
        (
            Api::OpenAi,
            "data: {\"error\":{\"code\":\"rate_limit_exceeded\"}}\n\n".into(),
            CallError::Server { status: 529, after_seconds: None },
        ),
    ] {
        let mut part = pieces(api, TEXT)[..4].to_vec();
        part.push(piece);
        let (answer, _server) = ask(api, Act::Stream(kind(api), part, false, Duration::ZERO)).await;
        assert_eq!(answer.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn whoever_watches_hears_how_the_answer_grows() {
    let slow = pieces(Api::Ollama, &"a sentence of an answer. ".repeat(20));
    let server = FakeModel::start(vec![Act::Stream(kind(Api::Ollama), slow, false, Duration::ZERO)]).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    let watch = Arc::new(move |tokens| ear.lock().unwrap().push(tokens));
    provider(&server, Api::Ollama, |_| ()).ask_watched(&question(), Some(watch)).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    assert!(heard.last().is_some_and(|tokens| (100..200).contains(tokens)), "{heard:?}");
    assert!(heard.len() < 5, "a few times a second at most: {heard:?}");
}

#[tokio::test]
async fn thinking_is_told_apart_from_the_answer() {
    let whole = |api: Api, text: &str, thinking: &str, finish: &str| {
        let body = match api {
            Api::OpenAi => json!({
                "choices": [{"finish_reason": finish, "message": {"content": text, "reasoning_content": thinking}}],
                "usage": {"prompt_tokens": 900, "completion_tokens": 12},
            }),
            Api::Ollama => json!({
                "message": {"content": text, "thinking": thinking}, "done": true, "done_reason": finish,
                "prompt_eval_count": 900, "eval_count": 12,
            }),
            Api::Anthropic => json!({
                "content": [{"type": "thinking", "thinking": thinking}, {"type": "text", "text": text}],
                "stop_reason": if finish == "length" { "max_tokens" } else { "end_turn" },
                "usage": {"input_tokens": 900, "output_tokens": 12},
            }),
        };
        Act::Reply(200, Vec::new(), body.to_string())
    };
    for api in APIS {
        for (text, thinking) in
            [(format!("<think>or {{\"b\": 2}}?</think>\n{TEXT}"), ""), (TEXT.to_owned(), "or {\"b\": 2}?")]
        {
            let (answer, _server) = ask(api, whole(api, &text, thinking, "stop")).await;
            assert_eq!(answer.unwrap().text, TEXT, "{api:?}");
        }
        for (text, thinking) in [("<think>it might be {\"b\": 2}", ""), ("", "it might be {\"b\": 2}")] {
            let (answer, _server) = ask(api, whole(api, text, thinking, "length")).await;
            let error = answer.unwrap_err();
            assert!(matches!(error, CallError::OnlyThinking { .. }), "{api:?}: {error:?}");
            assert!(matches!(error.billed(), Billed::Tokens(usage) if usage.tokens_out == 12));
        }
    }
}

#[tokio::test]
async fn anthropic_is_asked_in_its_own_words() {
    let body = json!({
        "model": "claude-quill", "content": [{"type": "text", "text": "{}"}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 400, "cache_read_input_tokens": 300, "cache_creation_input_tokens": 200, "output_tokens": 9},
    });
    let server = FakeModel::start(vec![Act::Reply(200, Vec::new(), body.to_string())]).await;
    let answer = provider(&server, Api::Anthropic, |o| o.send_temperature = false).ask(&question()).await.unwrap();
    assert_eq!((answer.tokens_in, answer.tokens_cached, answer.tokens_cache_write), (900, 300, 200));
    let seen = &server.ledger()[0];
    assert_eq!(seen.path, "/v1/messages");
    assert_eq!(
        (&seen.headers["x-api-key"], &seen.headers["anthropic-version"]),
        (&"k-1".parse().unwrap(), &"2023-06-01".parse().unwrap())
    );
    assert!(!seen.headers.contains_key("authorization"));
    assert_eq!(seen.body["system"][0]["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!((&seen.body["messages"][0]["role"], &seen.body["max_tokens"]), (&json!("user"), &json!(700)));
    assert_eq!(seen.body["output_config"]["format"]["type"], "json_schema");
    assert_eq!(seen.body["output_config"]["format"]["schema"]["additionalProperties"], false);
    assert!(seen.body.get("temperature").is_none() && seen.body.get("tools").is_none());
}

#[tokio::test]
async fn anthropic_s_refusals_are_told_apart() {
    let error =
        |kind: &str, message: &str| json!({"type": "error", "error": {"type": kind, "message": message}}).to_string();
    let ended = |reason: &str| {
        json!({"content": [{"type": "text", "text": "{"}], "stop_reason": reason, "usage": {"input_tokens": 900, "output_tokens": 5}})
            .to_string()
    };
    let low = "Your credit balance is too low to access the Anthropic API.";
    for (status, body, expected) in [
        (529, error("overloaded_error", "Overloaded"), "Server { status: 529, after_seconds: Some(7) }"),
        (429, error("rate_limit_error", "too many"), "RateLimited { after_seconds: Some(7) }"),
        (400, error("invalid_request_error", low), "NoCredit"),
        (402, error("billing_error", "pay"), "NoCredit"),
        (401, error("authentication_error", "invalid x-api-key"), "Auth { status: 401 }"),
        (404, error("not_found_error", "model: claude-quill"), "ModelMissing"),
        (200, ended("max_tokens"), "CutOff"),
        (200, ended("model_context_window_exceeded"), "CutOff"),
        (200, ended("refusal"), "Refused"),
    ] {
        let (answer, _server) = ask(Api::Anthropic, Act::Reply(status, vec![("retry-after", "7")], body)).await;
        let error = format!("{:?}", answer.unwrap_err());
        assert!(error.starts_with(expected), "{error}");
    }
}

#[tokio::test]
async fn what_a_server_does_not_take_is_left_out_from_then_on() {
    let refuse = |message: &str| Act::Reply(400, Vec::new(), json!({"error": {"message": message}}).to_string());
    let good = || Act::Complete(TEXT.into(), "stop", 100);
    let acts = vec![
        refuse("'response_format' of type 'json_schema' is not supported with this model."),
        refuse("Unrecognized request argument supplied: stream_options"),
        good(),
        good(),
    ];
    let server = FakeModel::start(acts).await;
    let provider = provider(&server, Api::OpenAi, |_| ());
    for _ in 0..2 {
        assert_eq!(provider.ask(&question()).await.unwrap().text, TEXT);
    }
    let seen = server.ledger();
    assert_eq!(seen.len(), 4, "the second question is asked once");
    assert_eq!(seen[0].body["response_format"]["type"], "json_schema");
    for later in &seen[2..] {
        assert_eq!(later.body["response_format"]["type"], "json_object");
        assert!(later.body.get("stream_options").is_none());
    }
    // What is refused for another reason is the answer.
    let server = FakeModel::start(vec![refuse("the prompt is too long")]).await;
    let error = self::provider(&server, Api::OpenAi, |_| ()).ask(&question()).await.unwrap_err();
    assert!(matches!(error, CallError::BadRequest { status: 400, .. }) && server.ledger().len() == 1, "{error:?}");
}

#[tokio::test]
async fn anthropic_without_schemas_is_given_a_tool() {
    let refusal =
        json!({"error": {"type": "invalid_request_error", "message": "output_config: Extra inputs are not permitted"}});
    let usage = json!({"input_tokens": 900, "output_tokens": 9});
    let whole = json!({
        "content": [{"type": "tool_use", "name": "triage", "input": {"relevance": 70}}], "stop_reason": "tool_use", "usage": usage,
    });
    let streamed = sse(&[
        json!({"type": "message_start", "message": {"usage": usage}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{\"relevance\""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ": 70}"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ]);
    let acts = vec![
        Act::Reply(400, Vec::new(), refusal.to_string()),
        Act::Reply(200, Vec::new(), whole.to_string()),
        Act::Stream(kind(Api::Anthropic), streamed, false, Duration::ZERO),
    ];
    let server = FakeModel::start(acts).await;
    let provider = provider(&server, Api::Anthropic, |o| o.schema_mode = SchemaMode::JsonSchema);
    for _ in 0..2 {
        assert_eq!(provider.ask(&question()).await.unwrap().text, "{\"relevance\":70}");
    }
    let body = &server.ledger()[2].body;
    assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "triage"}));
    assert_eq!(body["tools"][0]["input_schema"]["type"], "object");
    assert!(body.get("output_config").is_none());
}

#[tokio::test]
async fn a_server_that_loads_its_model_is_waited_for() {
    let body = r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#;
    let (answer, _server) = ask(Api::OpenAi, Act::Reply(503, Vec::new(), body.into())).await;
    let error = answer.unwrap_err();
    assert_eq!(error, CallError::Loading { after_seconds: None });
    assert_eq!((error.class(), error.billed()), (CallClass::Defer(HoldCause::ModelLoading), Billed::No));
    assert!(!error.is_gone());
}

#[tokio::test]
async fn ready_loading_missing_and_silent_servers_are_told_apart() {
    let list = |names: &[&str]| {
        let models: Vec<Value> = names.iter().map(|name| json!({"name": name, "id": name})).collect();
        json!({"models": models, "data": models}).to_string()
    };
    let reply = |status, body: &str| Act::Reply(status, Vec::new(), body.to_owned());
    let ok = || reply(200, "{\"status\": \"ok\"}");
    let llama_cpp = json!({"data": [{"id": "/models/some.gguf", "owned_by": "llamacpp"}]}).to_string();
    for (api, acts, expected) in [
        (Api::Ollama, vec![reply(200, &list(&["quill:7b"])), reply(200, &list(&["quill:7b"]))], Loaded::Yes),
        (Api::Ollama, vec![reply(200, &list(&["quill:7b"])), reply(200, &list(&[]))], Loaded::NotLoaded),
        (Api::Ollama, vec![reply(200, &list(&["other:latest"]))], Loaded::Missing),
        (Api::Ollama, vec![reply(404, "")], Loaded::Unknown),
        (Api::OpenAi, vec![reply(503, "{}")], Loaded::Loading),
        (Api::OpenAi, vec![ok(), reply(200, &list(&["quill:7b"]))], Loaded::Yes),
        (Api::OpenAi, vec![ok(), reply(200, &llama_cpp)], Loaded::Yes),
        (Api::OpenAi, vec![reply(404, ""), reply(200, &list(&["other"]))], Loaded::Missing),
        (Api::Anthropic, vec![], Loaded::Unknown),
    ] {
        let questions = acts.len();
        let server = FakeModel::start(acts).await;
        assert_eq!(provider(&server, api, |_| ()).loaded().await, expected);
        assert_eq!(server.ledger().len(), questions);
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = FakeModel::start(vec![]).await;
    for api in [Api::OpenAi, Api::Ollama] {
        let nobody = provider(&server, api, |o| o.base_url = format!("http://127.0.0.1:{port}"));
        assert_eq!(nobody.loaded().await, Loaded::NotListening);
        assert_eq!(nobody.ask(&question()).await, Err(CallError::NotListening));
    }
}

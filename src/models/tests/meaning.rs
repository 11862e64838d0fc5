//! Asking for a vector: one request, two interfaces, one form of the answer.

use serde_json::json;

use super::fake::{Act, FakeModel};
use crate::models::testing::{secret, tls};
use crate::models::{
    Api, Asking, Billed, CallError, EmbedInput, OpenAiOptions, Provider, ProviderOptions, Question, parse_vector,
};
use crate::templates::Templates;

fn question(text: &str) -> Question {
    let input = EmbedInput { title: "Quillstore 4.2".into(), text: text.into() };
    Question::embed(input, &Asking::new(&Templates::built_in(), &secret()))
}

async fn asked(api: Api, act: Act) -> (Result<crate::models::Answer, CallError>, FakeModel, Provider) {
    tls();
    let server = FakeModel::start(vec![act]).await;
    let base_url = if api == Api::OpenAi { format!("{}/v1", server.root) } else { server.root.clone() };
    let options = OpenAiOptions {
        api,
        base_url,
        model: "embedder".into(),
        price_in: 1.0,
        timeout_seconds: 2,
        ..OpenAiOptions::default()
    };
    let provider = Provider::new(ProviderOptions::OpenAi(Box::new(options))).unwrap();
    let answer = provider.ask(&question("It lowers the write latency.")).await;
    assert_eq!(server.ledger().len(), 1, "exactly one request: {answer:?}");
    (answer, server, provider)
}

fn reply(body: &serde_json::Value) -> Act {
    Act::Reply(200, Vec::new(), body.to_string())
}

#[tokio::test]
async fn both_interfaces_give_a_vector_of_length_one_and_what_it_cost() {
    let openai = json!({"data": [{"embedding": [3.0, 4.0]}], "usage": {"prompt_tokens": 9}, "model": "embedder"});
    let ollama = json!({"embeddings": [[3.0, 4.0]], "prompt_eval_count": 9, "model": "embedder"});
    for (api, body, path) in [(Api::OpenAi, openai, "/v1/embeddings"), (Api::Ollama, ollama, "/api/embed")] {
        let (answer, server, provider) = asked(api, reply(&body)).await;
        let answer = answer.unwrap();
        assert_eq!(parse_vector(&answer.text).unwrap(), [0.6, 0.8]);
        assert_eq!((answer.tokens_in, answer.tokens_out), (9, 0));
        assert_eq!(provider.cost(&answer.usage()).0, 9_000);
        assert!(provider.most(&question("It lowers the write latency.")) >= provider.cost(&answer.usage()));
        let seen = &server.ledger()[0];
        assert_eq!(seen.path, path);
        assert_eq!(seen.body["input"], "Quillstore 4.2\n\nIt lowers the write latency.");
    }
}

#[tokio::test]
async fn what_is_no_vector_is_an_error_that_says_what_was_billed() {
    for body in [json!({"data": []}), json!({"data": [{"embedding": "AAAA"}]}), json!({"data": [{"embedding": [0.0]}]})]
    {
        let (answer, ..) = asked(Api::OpenAi, reply(&body)).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, CallError::Malformed { .. }), "{error}");
        assert!(matches!(error.billed(), Billed::Tokens(_)), "{error}");
    }
}

#[test]
fn the_key_depends_on_the_text_and_not_on_the_size_of_the_context() {
    let templates = Templates::built_in();
    let secret = secret();
    let input = EmbedInput { title: "t".into(), text: "word ".repeat(2_000) };
    let usual = Question::embed(input.clone(), &Asking::new(&templates, &secret));
    let small = Question::embed(input, &Asking { context_tokens: 1_024, ..Asking::new(&templates, &secret) });
    assert!(small.messages[0].text.len() < usual.messages[0].text.len());
    assert_eq!(small.key(), usual.key());
    assert_ne!(usual.key(), question("other").key());
}

"""Writes a llama model of 64 dimensions and two layers with random weights, for tests of the protocol: it rambles, but a real
inference server loads it. Usage: tiny.py FILE. Needs gguf and numpy."""

import sys

import gguf
import numpy as np

WIDE, INNER, LAYERS, HEADS, CONTEXT = 64, 128, 2, 4, 65536

# Unknown, begin and end; every byte; and the printable characters as tokens of their own.
characters = [chr(code) for code in range(33, 127)] + ["\u2581"]
tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + characters
kinds = (
    [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    + [gguf.TokenType.BYTE] * 256
    + [gguf.TokenType.NORMAL] * len(characters)
)

file = gguf.GGUFWriter(sys.argv[1], "llama")
file.add_name("tiny")
file.add_file_type(0)
file.add_context_length(CONTEXT)
file.add_embedding_length(WIDE)
file.add_feed_forward_length(INNER)
file.add_block_count(LAYERS)
file.add_head_count(HEADS)
file.add_head_count_kv(HEADS)
file.add_layer_norm_rms_eps(1e-5)
file.add_rope_dimension_count(WIDE // HEADS)
file.add_vocab_size(len(tokens))
file.add_tokenizer_model("llama")
file.add_tokenizer_pre("default")
file.add_token_list(tokens)
file.add_token_scores([0.0] * len(tokens))
file.add_token_types(kinds)
file.add_bos_token_id(1)
file.add_eos_token_id(2)
file.add_unk_token_id(0)
file.add_add_bos_token(True)
file.add_chat_template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant: ")
file.add_pooling_type(gguf.PoolingType.MEAN)

random = np.random.default_rng(1)


def weights(name, *shape):
    file.add_tensor(name + ".weight", (random.standard_normal(shape) * 0.05).astype(np.float32))


def ones(name):
    file.add_tensor(name + ".weight", np.ones(WIDE, np.float32))


weights("token_embd", len(tokens), WIDE)
weights("output", len(tokens), WIDE)
ones("output_norm")
for layer in range(LAYERS):
    block = f"blk.{layer}."
    ones(block + "attn_norm")
    ones(block + "ffn_norm")
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        weights(block + part, WIDE, WIDE)
    weights(block + "ffn_gate", INNER, WIDE)
    weights(block + "ffn_up", INNER, WIDE)
    weights(block + "ffn_down", WIDE, INNER)

file.write_header_to_file()
file.write_kv_data_to_file()
file.write_tensors_to_file()
file.close()

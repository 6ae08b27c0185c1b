"""The DNA tokenizer: byte-pair encoding over a whole sequence as one word, in Hugging Face format."""

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

SPECIALS = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
UNK, CLS, SEP, PAD, MASK = range(5)


def train_tokenizer(sequences, vocab_size):
    """Learns the merges from nucleotide strings."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", fuse_unk=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=SPECIALS, initial_alphabet=list("ACGT"),
                                  show_progress=False)
    tokenizer.train_from_iterator(sequences, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)])
    return tokenizer


def encode(tokenizer, texts):
    """Token ids of the texts, [CLS] and [SEP] included, padded with [PAD] to the longest; and their lengths."""
    ids = [e.ids for e in tokenizer.encode_batch_fast(texts)]
    lengths = np.array([len(i) for i in ids])
    padded = np.full((len(ids), lengths.max()), PAD, np.int16)
    padded[np.arange(lengths.max()) < lengths[:, None]] = np.concatenate(ids)
    return padded, lengths

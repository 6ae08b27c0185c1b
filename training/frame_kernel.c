// Reading frames of a packed corpus as token ids: found in windows, cut, joined, mutated, translated and split into byte pairs.
// Compiled by frame_kernel.py; every function is a plain C function without state.
#include <stdint.h>
#include <string.h>

enum { MAX_BASES = 1024, PIECES = 2, NO_MERGE = 0xffff, STOP = 255 };
enum { CLS = 1, SEP = 2, DNA_PAD = 3, PROTEIN_CLS = 0, PROTEIN_PAD = 1, PROTEIN_EOS = 2 };

// Byte-pair merges as a hash table with linear probing; `key` is left << 16 | right, or all ones where empty.
typedef struct {
  const uint32_t* key;
  const uint16_t* rank;
  const uint16_t* merged;
  uint32_t mask;
} Merges;

static uint64_t next_random(uint64_t* state) {  // splitmix64
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static double uniform(uint64_t* state) { return (double)(next_random(state) >> 11) * 0x1.0p-53; }

static uint32_t find_merge(const Merges* m, uint16_t left, uint16_t right) {
  const uint32_t key = (uint32_t)left << 16 | right;
  for (uint32_t slot = key * 2654435761u >> 12 & m->mask;; slot = (slot + 1) & m->mask) {
    if (m->key[slot] == key) return slot;
    if (m->key[slot] == 0xffffffffu) return m->mask + 1;
  }
}

static uint16_t rank_of(const Merges* m, uint16_t left, uint16_t right) {
  const uint32_t slot = find_merge(m, left, right);
  return slot > m->mask ? NO_MERGE : m->rank[slot];
}

// Merges `tokens` [n] in place by ascending rank, leftmost first, and returns how many are left.
// A possible merge is passed over with probability `dropout`, until one of its neighbours changes.
static int byte_pairs(const Merges* m, uint16_t* tokens, int n, double dropout, uint64_t* random) {
  uint16_t rank[MAX_BASES];
  for (int i = 0; i + 1 < n; ++i) rank[i] = rank_of(m, tokens[i], tokens[i + 1]);
  for (;;) {
    uint16_t least = NO_MERGE;
    for (int i = 0; i + 1 < n; ++i) least = rank[i] < least ? rank[i] : least;
    if (least == NO_MERGE) return n;
    int to = 0;
    int lower = 0;  // a new pair of lower rank ends the pass: it comes first
    for (int from = 0; from < n;) {
      int hit = !lower && from + 1 < n && rank[from] == least;
      if (hit && dropout > 0 && uniform(random) < dropout) {
        rank[from] = NO_MERGE;
        hit = 0;
      }
      if (!hit) {
        tokens[to] = tokens[from];
        rank[to++] = rank[from++];
        continue;
      }
      tokens[to] = m->merged[find_merge(m, tokens[from], tokens[from + 1])];
      from += 2;
      if (to > 0) {
        rank[to - 1] = rank_of(m, tokens[to - 1], tokens[to]);
        lower |= rank[to - 1] < least;
      }
      rank[to] = from < n ? rank_of(m, tokens[to], tokens[from]) : NO_MERGE;
      lower |= rank[to] < least;
      ++to;
    }
    n = to;
  }
}

// Token ids of `n` base codes 0..3 with [CLS] and [SEP], in a row of `width`; the tail of a longer row is left out.
static void dna_row(const Merges* m, const uint16_t* letters, const uint8_t* codes, int n, double dropout, uint64_t* random,
                    int16_t* row, int width) {
  uint16_t tokens[MAX_BASES];
  for (int i = 0; i < n; ++i) tokens[i] = letters[codes[i]];
  n = byte_pairs(m, tokens, n, dropout, random);
  if (n > width - 2) n = width - 2;
  row[0] = CLS;
  for (int i = 0; i < n; ++i) row[i + 1] = (int16_t)tokens[i];
  row[n + 1] = SEP;
  for (int i = n + 2; i < width; ++i) row[i] = DNA_PAD;
}

static uint8_t residue(const uint8_t* codon_ids, const uint8_t* codon) {
  return codon_ids[codon[0] * 16 + codon[1] * 4 + codon[2]];
}

// Substitutes bases at `rate`; a codon that would become a stop keeps its bases.
static void mutate(uint8_t* codes, int n, int codons, double rate, const uint8_t* codon_ids, uint64_t* random) {
  uint8_t before[MAX_BASES];
  memcpy(before, codes, (size_t)n);
  for (int i = 0; i < n; ++i) {
    if (uniform(random) < rate) codes[i] = (uint8_t)((codes[i] + 1 + next_random(random) % 3) & 3);
  }
  for (int c = 0; c < codons; ++c) {
    if (residue(codon_ids, codes + 3 * c) == STOP) memcpy(codes + 3 * c, before + 3 * c, 3);
  }
}

// Replaces codons at `rate`, each by one of `replacements` [64, 64]: rows of rising sums of probabilities, by codon.
static void evolve(uint8_t* codes, int codons, double rate, const float* replacements, uint64_t* random) {
  for (int c = 0; c < codons; ++c) {
    if (uniform(random) >= rate) continue;
    uint8_t* const codon = codes + 3 * c;
    const float* const sums = replacements + 64 * (codon[0] * 16 + codon[1] * 4 + codon[2]);
    const float drawn = (float)uniform(random);
    int to = 0;
    while (to < 63 && sums[to] <= drawn) ++to;
    codon[0] = (uint8_t)(to >> 4);
    codon[1] = (uint8_t)(to >> 2 & 3);
    codon[2] = (uint8_t)(to & 3);
  }
}

// Rows of DNA and protein ids of `count` frames, each joined from up to two stop-free pieces without N.
//   left, codons, reverse [count, 2]: leftmost base, size and strand of each piece; no second piece where its size is 0
//   extra [count]: 1 where one base more follows the last codon; rate [count]: share of bases to substitute
//   evolution [count]: share of codons to replace; replacements [64, 64]: by what (evolve)
//   codon_ids [64]: residue ids; letters [4]: token ids of A C G T
void make_frames(const uint8_t* bases, int64_t count, const int64_t* left, const int32_t* codons, const uint8_t* reverse,
                 const uint8_t* extra, const float* rate, const float* evolution, const float* replacements, uint64_t seed,
                 double dropout, const uint8_t* codon_ids,
                 const uint16_t* letters, const uint32_t* key, const uint16_t* rank, const uint16_t* merged, uint32_t slots,
                 int16_t* dna, int dna_width, uint8_t* protein, int protein_width) {
  const Merges merges = {key, rank, merged, slots - 1};
  for (int64_t row = 0; row < count; ++row) {
    uint64_t random = seed ^ ((uint64_t)row * 0xd1342543de82ef95u);
    uint8_t codes[MAX_BASES];
    int n = 0;
    for (int piece = 0; piece < PIECES; ++piece) {
      const int64_t at = PIECES * row + piece;
      if (codons[at] == 0) continue;
      const int last = piece + 1 == PIECES || codons[at + 1] == 0;
      const int size = 3 * codons[at];
      const int bases_here = size + (last ? extra[row] : 0);
      for (int i = 0; i < bases_here; ++i) {
        codes[n++] = reverse[at] ? (uint8_t)(3 - bases[left[at] + size - 1 - i]) : bases[left[at] + i];
      }
    }
    const int residues = n / 3;
    if (evolution[row] > 0) evolve(codes, residues, evolution[row], replacements, &random);
    if (rate[row] > 0) mutate(codes, n, residues, rate[row], codon_ids, &random);
    uint8_t* const out = protein + row * protein_width;
    memset(out, PROTEIN_PAD, (size_t)protein_width);
    out[0] = PROTEIN_CLS;
    for (int c = 0; c < residues; ++c) out[c + 1] = residue(codon_ids, codes + 3 * c);
    out[residues + 1] = PROTEIN_EOS;
    dna_row(&merges, letters, codes, n, dropout, &random, dna + row * dna_width, dna_width);
  }
}

typedef struct {
  int first, codons;  // place in the window's forward bases, and size
} Run;

// The longest run of open codons among `first`, `first` + 3, ... of a window; `open` holds a flag per place.
static Run longest_run(const uint8_t* open, int places, int first) {
  Run best = {first, 0};
  int begin = first;
  for (int i = first; i < places + 3; i += 3) {
    if (i < places && open[i]) continue;
    if ((i - begin) / 3 > best.codons) best = (Run){begin, (i - begin) / 3};
    begin = i + 3;
  }
  return best;
}

// What is read of `count` windows: one of the stop-free frames at random, or where there is none the longest run over six
// frames, with probability `second` the second longest of another frame; 0 codons where a window holds N or only runs of
// less than `least` codons.
//   begin, size [count]: the windows; codon_ids [64]
//   left, codons, reverse, extra [count]: as make_frames takes them; whole [count]: 1 for a stop-free frame
void read_windows(const uint8_t* bases, int64_t count, const int64_t* begin, const int32_t* size, uint64_t seed, int least,
                  double second, const uint8_t* codon_ids, int64_t* left, int32_t* codons, uint8_t* reverse, uint8_t* extra,
                  uint8_t* whole) {
  for (int64_t row = 0; row < count; ++row) {
    uint64_t random = seed ^ ((uint64_t)row * 0xd1342543de82ef95u);
    const uint8_t* const window = bases + begin[row];
    const int places = size[row] - 2;
    uint8_t open[2][MAX_BASES];
    codons[row] = 0;
    int known = places > 0 && size[row] <= MAX_BASES;
    for (int i = 0; known && i < size[row]; ++i) known = window[i] < 4;
    if (!known) continue;
    for (int i = 0; i < places; ++i) {
      const uint8_t back[3] = {(uint8_t)(3 - window[i + 2]), (uint8_t)(3 - window[i + 1]), (uint8_t)(3 - window[i])};
      open[0][i] = residue(codon_ids, window + i) != STOP;
      open[1][i] = residue(codon_ids, back) != STOP;
    }
    Run runs[6];
    int frames = 0, chosen = 0;
    for (int f = 0; f < 6; ++f) {
      const int offset = f % 3, whole_codons = (size[row] - offset) / 3;
      const int first = f < 3 ? offset : size[row] - offset - 3 * whole_codons;
      // Beyond the frame's last codon nothing is read: on the forward strand places end by themselves.
      runs[f] = longest_run(open[f / 3], f < 3 ? places : first + 3 * whole_codons - 2, first);
      if (whole_codons > 0 && runs[f].codons == whole_codons && next_random(&random) % (uint64_t)++frames == 0) chosen = f;
    }
    if (frames == 0) {
      int best = 0, next = -1;
      for (int f = 1; f < 6; ++f) best = runs[f].codons > runs[best].codons ? f : best;
      for (int f = 0; f < 6; ++f) {
        if (f != best && (next < 0 || runs[f].codons > runs[next].codons)) next = f;
      }
      chosen = runs[next].codons >= least && uniform(&random) < second ? next : best;
      if (runs[chosen].codons < least) continue;
    }
    left[row] = begin[row] + runs[chosen].first;
    codons[row] = runs[chosen].codons;
    reverse[row] = chosen >= 3;
    whole[row] = frames > 0;
    extra[row] = frames > 0 && chosen % 3 + 3 * codons[row] < size[row];
  }
}

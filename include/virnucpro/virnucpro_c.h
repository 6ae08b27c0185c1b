/* The C interface of VirNucPro: the same as virnucpro.h, for C and for languages that bind to C.
 *
 *   virnucpro_predictor* predictor = NULL;
 *   if (virnucpro_predictor_new(NULL, &predictor) != VIRNUCPRO_OK) puts(virnucpro_last_error());
 *
 * Handles are opaque; each is freed by its own function, which takes NULL, too. Text is UTF-8 or
 * plain bytes that end with 0. Structures that the library fills grow at their end only, and with
 * another version of the symbols. Functions that may fail return a virnucpro_status.
 *
 * Threads: any number of handles side by side. The functions of one predictor or embedder may be
 * called by several threads and take turns; one that is called from inside a callback of its own
 * run fails with VIRNUCPRO_USAGE. Options belong to one thread. A stop may be requested from any
 * thread, but not from a signal handler. The last error is that of the calling thread. */
#ifndef VIRNUCPRO_VIRNUCPRO_C_H
#define VIRNUCPRO_VIRNUCPRO_C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors ---------------------------------------------------------------------------------- */

/* The numbers are the exit codes of the program. */
typedef enum virnucpro_status {
  VIRNUCPRO_OK = 0,
  VIRNUCPRO_USAGE = 2,       /* an option or the input cannot be used */
  VIRNUCPRO_MODEL = 3,       /* the models are damaged, incomplete or do not fit together */
  VIRNUCPRO_DEVICE = 4,      /* the device cannot be used or failed; no memory or threads left */
  VIRNUCPRO_PRECISION = 5,   /* the precision does not suit, or NaN and infinity only */
  VIRNUCPRO_INTERNAL = 70,   /* an error inside the library: please report it */
  VIRNUCPRO_OUTPUT = 74,     /* results could not be written */
  VIRNUCPRO_INTERRUPTED = 75 /* a stop was requested, or a callback asked for it */
} virnucpro_status;

/* Such as "0.2.0". */
const char* virnucpro_version(void);
/* What went wrong in this thread's last failed call, and what to do; valid until its next call. */
const char* virnucpro_last_error(void);
/* Its class, such as "InputError" (virnucpro.h lists them); empty where there was none. */
const char* virnucpro_last_error_name(void);

/* ---- Options --------------------------------------------------------------------------------- */

/* What a predictor or embedder is made with. A new one has the defaults. NULL where memory is
 * short. */
typedef struct virnucpro_options virnucpro_options;
virnucpro_options* virnucpro_options_new(void);
void virnucpro_options_free(virnucpro_options* options);
/* `name` is a member of PredictorOptions in virnucpro.h: bundle, expected_length, device, threads,
 * precision, frames, genetic_code, batch_tokens, calls, prevalence. `value` is text or a decimal
 * number. VIRNUCPRO_USAGE for another name, and for text that is no such number; what it says is
 * checked where the options are used. An embedder refuses calls and prevalence that are not the
 * defaults. */
virnucpro_status virnucpro_options_set(virnucpro_options* options, const char* name,
                                       const char* value);

/* ---- Stopping -------------------------------------------------------------------------------- */

/* A request to stop, for any number of runs; once made it stays. It must outlive these runs. */
typedef struct virnucpro_stop virnucpro_stop;
virnucpro_stop* virnucpro_stop_new(void);
void virnucpro_stop_free(virnucpro_stop* stop);
void virnucpro_stop_request(virnucpro_stop* stop);

/* ---- What goes in ---------------------------------------------------------------------------- */

/* Bytes that stay valid until the next call of the source. Letters other than ACGT (any case) count
 * as unknown bases. */
typedef struct virnucpro_sequence {
  const char* id;
  size_t id_length;
  const char* bases;
  size_t bases_length;
} virnucpro_sequence;

/* Fills `sequence` and returns 1; returns 0 at the end; another value ends the run with
 * VIRNUCPRO_INTERRUPTED. One call at a time, on a thread that is not the caller's. */
typedef int (*virnucpro_next)(void* user, virnucpro_sequence* sequence);

typedef struct virnucpro_progress {
  uint64_t sequences_read;
  uint64_t bases_read;
  uint64_t frames_found;
  uint64_t frames_computed;
  uint64_t sequences_finished;
  double seconds;
} virnucpro_progress;

/* ---- What comes out -------------------------------------------------------------------------- */

/* What became of a chunk or a sequence. */
typedef enum virnucpro_outcome {
  VIRNUCPRO_SCORED = 0,
  VIRNUCPRO_NO_ORF = 1,
  VIRNUCPRO_TOO_SHORT = 2,
  VIRNUCPRO_FAILED = 3
} virnucpro_outcome;

/* Probabilities that are absent are NaN. Positions are bases of the sequence, [start, end). */
typedef struct virnucpro_frame {
  uint64_t read_start; /* what was read of the chunk */
  uint64_t read_end;
  char frame[4]; /* "F1" to "R3" */
  float p_virus; /* NaN where it failed */
  int is_virus;
  int is_run;          /* a run, since the chunk has no open frame */
  const char* failure; /* NULL: it has a score */
} virnucpro_frame;

typedef struct virnucpro_chunk {
  uint64_t sequence; /* number in the run, from 0 */
  uint64_t chunk;    /* index in the sequence */
  uint64_t start;
  uint64_t end;
  virnucpro_outcome outcome;
  const char* reason; /* of a failure; "" for none */
  int is_virus;
  double p_calibrated;
  const virnucpro_frame* frames;
  size_t frame_count;
} virnucpro_chunk;

typedef struct virnucpro_call {
  uint64_t sequence;
  const char* id; /* ends with 0; id_length counts zeros inside */
  size_t id_length;
  uint64_t length;
  uint64_t chunks;
  uint64_t scored_chunks;
  uint64_t frames;
  uint64_t viral_chunks;
  double mean_p_virus; /* NaN without frames */
  float max_p_virus;   /* likewise */
  double p_calibrated;
  int is_virus;
  virnucpro_outcome outcome;
  const char* reason;
} virnucpro_call;

/* What a run of a predictor calls; members may be NULL. All are valid during the call only. Calls
 * come in the order of the input, the chunks of a sequence before its own; `chunk` and `sequence`
 * never at once, `progress` at most five times a second; none on the caller's thread. One that
 * returns anything but 0 ends the run with VIRNUCPRO_INTERRUPTED. */
typedef struct virnucpro_receiver {
  void* user;
  int (*chunk)(void* user, const virnucpro_chunk* chunk);
  int (*sequence)(void* user, const virnucpro_call* call);
  int (*progress)(void* user, const virnucpro_progress* progress);
} virnucpro_receiver;

typedef struct virnucpro_embedded_frame {
  uint64_t sequence;
  uint64_t chunk;
  uint64_t start; /* of the chunk */
  uint64_t end;
  uint64_t read_start;
  uint64_t read_end;
  char frame[4];
  int is_run;
} virnucpro_embedded_frame;

/* The same for an embedder. `values` [count, width of DNABERT-S + width of ESM-2], side by side. */
typedef struct virnucpro_embedding_receiver {
  void* user;
  int (*block)(void* user, const virnucpro_embedded_frame* frames, const float* values,
               size_t count);
  int (*progress)(void* user, const virnucpro_progress* progress);
} virnucpro_embedding_receiver;

typedef struct virnucpro_totals {
  uint64_t sequences;
  uint64_t bases;
  uint64_t chunks;
  uint64_t frames;        /* found */
  uint64_t failed_frames; /* of these, without a result */
} virnucpro_totals;

/* ---- What computes --------------------------------------------------------------------------- */

typedef struct virnucpro_predictor virnucpro_predictor;
/* `options` may be NULL and may be freed afterwards. *predictor is NULL where it fails. */
virnucpro_status virnucpro_predictor_new(const virnucpro_options* options,
                                         virnucpro_predictor** predictor);
void virnucpro_predictor_free(virnucpro_predictor* predictor);
/* Runs until `next` has no more. `stop` and `totals` may be NULL. Memory is bounded, but for the
 * longest sequence. */
virnucpro_status virnucpro_predictor_run(virnucpro_predictor* predictor, virnucpro_next next,
                                         void* next_user, const virnucpro_receiver* receiver,
                                         const virnucpro_stop* stop, virnucpro_totals* totals);
/* Files as the program reads them: FASTA, FASTQ, SAM, BAM or CRAM, compressed or not. */
virnucpro_status virnucpro_predictor_run_files(virnucpro_predictor* predictor,
                                               const char* const* paths, size_t path_count,
                                               const virnucpro_receiver* receiver,
                                               const virnucpro_stop* stop,
                                               virnucpro_totals* totals);

typedef struct virnucpro_embedder virnucpro_embedder;
virnucpro_status virnucpro_embedder_new(const virnucpro_options* options,
                                        virnucpro_embedder** embedder);
void virnucpro_embedder_free(virnucpro_embedder* embedder);
size_t virnucpro_embedder_dnabert_s_width(const virnucpro_embedder* embedder);
size_t virnucpro_embedder_esm2_width(const virnucpro_embedder* embedder);
virnucpro_status virnucpro_embedder_run(virnucpro_embedder* embedder, virnucpro_next next,
                                        void* next_user,
                                        const virnucpro_embedding_receiver* receiver,
                                        const virnucpro_stop* stop, virnucpro_totals* totals);
virnucpro_status virnucpro_embedder_run_files(virnucpro_embedder* embedder,
                                              const char* const* paths, size_t path_count,
                                              const virnucpro_embedding_receiver* receiver,
                                              const virnucpro_stop* stop, virnucpro_totals* totals);

#ifdef __cplusplus
}
#endif

#endif

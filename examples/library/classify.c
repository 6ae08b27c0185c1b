/* Calls the sequences of files and prints id, length, probability and call of each.
 *   cc classify.c -lvirnucpro -o classify && ./classify ../genomes.fa */
#include <math.h>
#include <stdio.h>
#include <virnucpro/virnucpro_c.h>

/* Runs on a thread of the library. Anything but 0 would end the run. */
static int print_call(void* user, const virnucpro_call* call) {
  FILE* out = user;
  if (isnan(call->p_calibrated)) {
    fprintf(out, "%s\t%llu\tNA\tNA\n", call->id, (unsigned long long)call->length);
  } else {
    fprintf(out, "%s\t%llu\t%.4f\t%s\n", call->id, (unsigned long long)call->length,
            call->p_calibrated, call->is_virus ? "virus" : "others");
  }
  return ferror(out);
}

static int fail(virnucpro_status status) {
  fprintf(stderr, "classify: %s: %s\n", virnucpro_last_error_name(), virnucpro_last_error());
  return (int)status; /* the exit code that the program would have */
}

int main(int argc, char** argv) {
  virnucpro_options* options = virnucpro_options_new();
  virnucpro_predictor* predictor = NULL;
  virnucpro_receiver receiver = {0};
  virnucpro_totals totals;
  virnucpro_status status = virnucpro_options_set(options, "expected_length", "500");
  receiver.user = stdout;
  receiver.sequence = print_call;

  if (status == VIRNUCPRO_OK) status = virnucpro_predictor_new(options, &predictor);
  virnucpro_options_free(options);
  if (status == VIRNUCPRO_OK) {
    status = virnucpro_predictor_run_files(predictor, (const char* const*)(argv + 1),
                                           (size_t)(argc - 1), &receiver, NULL, &totals);
  }
  if (status != VIRNUCPRO_OK) {
    const int code = fail(status);
    virnucpro_predictor_free(predictor);
    return code;
  }
  fprintf(stderr, "%llu sequences, %llu frames\n", (unsigned long long)totals.sequences,
          (unsigned long long)totals.frames);
  virnucpro_predictor_free(predictor);
  return 0;
}

// The extension `virnucpro._core`: thin classes, which the package's Python code wraps.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow.h"
#include "columns.h"
#include "errors.h"
#include "stream.h"

namespace virnucpro::python {

[[noreturn]] void raise(const char* name, const char* text) {
  const nb::object type = nb::module_::import_("virnucpro.errors").attr(name);
  const nb::object message = text_of(text, std::string_view(text).size());
  PyErr_SetObject(type.ptr(), message.ptr());
  throw nb::python_error();
}

[[noreturn]] void raise(const std::exception& error) { raise(error_name(error), error.what()); }

namespace {

/// The longest that loading goes on after a signal was seen is its whole; it has no way to stop.
template <typename Function>
auto without_gil(const Function& function) {
  return translated([&] {
    const nb::gil_scoped_release release;
    return function();
  });
}

class WatchedCalls final : public CallReceiver {
 public:
  WatchedCalls(CallColumns& columns, const std::function<void()>& after)
      : columns_(columns), after_(after) {}
  void chunk(const ChunkCall& call) override {
    columns_.chunk(call);
    after_();
  }
  void sequence(const SequenceCall& call) override {
    columns_.sequence(call);
    after_();
  }

 private:
  CallColumns& columns_;
  const std::function<void()>& after_;
};

class WatchedEmbeddings final : public EmbeddingReceiver {
 public:
  WatchedEmbeddings(EmbeddingColumns& columns, const std::function<void()>& after)
      : columns_(columns), after_(after) {}
  void sequence(std::uint64_t number, const std::string& id, std::uint64_t length) override {
    columns_.sequence(number, id, length);
  }
  void block(const EmbeddingBlock& block) override {
    columns_.block(block);
    after_();
  }

 private:
  EmbeddingColumns& columns_;
  const std::function<void()>& after_;
};

/// A run of `model` over `paths`, or over the sequences of the stream where there are none.
template <typename Watched, typename Columns, typename Model>
std::unique_ptr<Stream<Columns>> run_of(const std::shared_ptr<Model>& model, nb::object sequences,
                                        std::vector<std::string> paths, nb::object progress,
                                        std::uint64_t most_bases) {
  auto run = [model, paths = std::move(paths)](const NextSequence* next, Columns& columns,
                                               const std::function<void()>& after,
                                               const RunControl& control) {
    Watched watched(columns, after);
    if (next == nullptr) {
      model->run_files(paths, watched, control);
    } else {
      model->run(*next, watched, control);
    }
  };
  return translated([&] {
    return std::make_unique<Stream<Columns>>(std::move(run), std::move(sequences),
                                             std::move(progress), most_bases);
  });
}

/// The library's objects are shared with the runs that use them.
struct PredictorHandle {
  std::shared_ptr<Predictor> predictor;
};
struct EmbedderHandle {
  std::shared_ptr<Embedder> embedder;
};

template <typename Columns>
void add_stream(nb::module_& module, const char* name) {
  nb::class_<Stream<Columns>>(module, name)
      .def("next", &Stream<Columns>::next)
      .def("close", &Stream<Columns>::close);
}

void add_predictor(nb::module_& module) {
  nb::class_<PredictorHandle>(module, "Predictor")
      .def("__init__",
           [](PredictorHandle* self, std::string bundle, std::int64_t expected_length,
              std::string device, std::size_t threads, std::string precision, std::string frames,
              std::uint64_t genetic_code, std::size_t batch_tokens, std::string calls,
              double prevalence) {
             const PredictorOptions options = {
                 std::move(bundle),    expected_length,   std::move(device), threads,
                 std::move(precision), std::move(frames), genetic_code,      batch_tokens,
                 std::move(calls),     prevalence};
             new (self)
                 PredictorHandle{without_gil([&] { return std::make_shared<Predictor>(options); })};
           })
      .def(
          "run",
          [](const PredictorHandle& self, nb::object sequences, std::vector<std::string> paths,
             nb::object progress, std::uint64_t most_bases) {
            return run_of<WatchedCalls, CallColumns>(self.predictor, std::move(sequences),
                                                     std::move(paths), std::move(progress),
                                                     most_bases);
          },
          nb::arg("sequences").none(), nb::arg("paths"), nb::arg("progress").none(),
          nb::arg("most_bases"))
      .def("warnings", [](const PredictorHandle& self) { return self.predictor->warnings(); })
      .def("device", [](const PredictorHandle& self) { return self.predictor->device(); })
      .def("expected_length",
           [](const PredictorHandle& self) { return self.predictor->expected_length(); });
}

void add_embedder(nb::module_& module) {
  nb::class_<EmbedderHandle>(module, "Embedder")
      .def("__init__",
           [](EmbedderHandle* self, std::string bundle, std::int64_t expected_length,
              std::string device, std::size_t threads, std::string precision, std::string frames,
              std::uint64_t genetic_code, std::size_t batch_tokens) {
             const EmbedderOptions options = {
                 std::move(bundle),    expected_length,   std::move(device), threads,
                 std::move(precision), std::move(frames), genetic_code,      batch_tokens};
             new (self)
                 EmbedderHandle{without_gil([&] { return std::make_shared<Embedder>(options); })};
           })
      .def(
          "run",
          [](const EmbedderHandle& self, nb::object sequences, std::vector<std::string> paths,
             nb::object progress, std::uint64_t most_bases) {
            return run_of<WatchedEmbeddings, EmbeddingColumns>(self.embedder, std::move(sequences),
                                                               std::move(paths),
                                                               std::move(progress), most_bases);
          },
          nb::arg("sequences").none(), nb::arg("paths"), nb::arg("progress").none(),
          nb::arg("most_bases"))
      .def("dnabert_s_width",
           [](const EmbedderHandle& self) { return self.embedder->dnabert_s_width(); })
      .def("esm2_width", [](const EmbedderHandle& self) { return self.embedder->esm2_width(); })
      .def("warnings", [](const EmbedderHandle& self) { return self.embedder->warnings(); })
      .def("device", [](const EmbedderHandle& self) { return self.embedder->device(); })
      .def("expected_length",
           [](const EmbedderHandle& self) { return self.embedder->expected_length(); });
}

}  // namespace

NB_MODULE(_core, module) {
  module.attr("version") = version();
  add_stream<CallColumns>(module, "CallStream");
  add_stream<EmbeddingColumns>(module, "EmbeddingStream");
  add_predictor(module);
  add_embedder(module);
  add_arrow(module);
  module.def("embedded_bundles", [] { return embedded_bundles(); });
  module.def("pulled_bundles", [] { return pulled_bundles(); });
  module.def("describe_bundle", [](const std::string& bundle) {
    const BundleDescription card = without_gil([&] { return describe_bundle(bundle); });
    nb::dict result;
    result["name"] = card.name;
    result["version"] = card.version;
    result["description"] = card.description;
    result["license"] = card.license;
    result["expected_lengths"] = nb::tuple(nb::cast(card.expected_lengths));
    return result;
  });
  module.def("bundle_problems", [](const std::string& bundle) {
    return without_gil([&] { return bundle_problems(bundle); });
  });
}

}  // namespace virnucpro::python

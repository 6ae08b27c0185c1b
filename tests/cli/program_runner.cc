#include "cli/program_runner.h"

#include <fcntl.h>
#include <pty.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

extern char** environ;

namespace virnucpro::test {
namespace {

constexpr const char* kCache = "XDG_CACHE_HOME";

std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables,
                                          const std::string& cache) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with("VIRNUCPRO_") || text.starts_with(std::string(kCache) + "=")) continue;
    result.emplace_back(text);
  }
  for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
  // Not the cache of the user who runs the tests.
  if (!variables.contains(kCache)) result.push_back(std::string(kCache) + "=" + cache);
  // The same everywhere: only tests that name a machine's own GPUs use them.
  constexpr const char* kPlugin = "VIRNUCPRO_CUDA_PLUGIN";
  if (!variables.contains(kPlugin)) result.push_back(std::string(kPlugin) + "=/no/plugin.so");
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// A terminal whose output is collected while the program writes to it.
class Terminal {
 public:
  explicit Terminal(bool wanted) {
    if (!wanted) return;
    winsize size{};
    size.ws_row = 24;
    size.ws_col = 200;
    EXPECT_EQ(::openpty(&master_, &slave_, nullptr, nullptr, &size), 0);
    ::fcntl(master_, F_SETFD, FD_CLOEXEC);
    reader_ = std::thread([this] {
      std::array<char, 4096> piece{};
      // Ends with an error when the last writer has closed the terminal.
      for (ssize_t n = 0; (n = ::read(master_, piece.data(), piece.size())) > 0;) {
        text_.append(piece.data(), static_cast<std::size_t>(n));
      }
    });
  }
  ~Terminal() { text(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int slave() const { return slave_; }

  // All that was written; call when the program has ended.
  std::string text() {
    if (reader_.joinable()) {
      ::close(slave_);
      reader_.join();
      ::close(master_);
    }
    return text_;
  }

 private:
  int master_ = -1;
  int slave_ = -1;
  std::thread reader_;
  std::string text_;
};

}  // namespace

void CliTest::SetUp() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  folder_ = std::filesystem::absolute("cli_tests").string() + "/" + test->test_suite_name() + "." +
            test->name();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
}

ProgramResult CliTest::run(std::vector<std::string> arguments) const {
  ProgramCall call;
  call.arguments = std::move(arguments);
  return run(call);
}

ProgramResult CliTest::run(const ProgramCall& call) const {
  // Outside of the folder, which holds only what the test and the program put there.
  const std::string in = folder_ + ".stdin" + call.streams;
  const std::string out =
      call.out_path.empty() ? folder_ + ".stdout" + call.streams : call.out_path;
  const std::string err = folder_ + ".stderr" + call.streams;
  std::ofstream(in, std::ios::binary) << call.input;

  const std::string program = call.program.empty() ? VIRNUCPRO_PROGRAM : call.program;
  std::vector<std::string> arguments = {program};
  std::string limits;
  if (call.file_blocks > 0) limits += "ulimit -f " + std::to_string(call.file_blocks) + "; ";
  if (call.open_files > 0) limits += "ulimit -n " + std::to_string(call.open_files) + "; ";
  if (call.address_kilobytes > 0) {
    limits += "ulimit -v " + std::to_string(call.address_kilobytes) + "; ";
  }
  if (call.processes > 0) {
    const std::string most = std::to_string(call.processes);
    limits += "ulimit -p " + most + " 2>/dev/null || ulimit -u " + most + "; ";  // dash, bash
  }
  std::string start = "exec ";
  if (call.processes > 0 && ::geteuid() == 0) {
    // A user without other processes, so that only this program counts; it gets the folder.
    const std::string user = std::to_string(100'000 + ::getpid());
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
    start += "setpriv --reuid=" + user + " --regid=" + user + " --clear-groups ";
  }
  if (!limits.empty()) arguments = {"/bin/sh", "-c", limits + start + "\"$0\" \"$@\"", program};
  arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
  std::vector<std::string> environment = environment_with(call.variables, folder_ + ".cache");

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY, 0);
  if (call.out_path == "closed") {
    posix_spawn_file_actions_addclose(&actions, 1);
  } else {
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  }
  Terminal terminal(call.on_terminal);
  if (call.on_terminal) {
    posix_spawn_file_actions_adddup2(&actions, terminal.slave(), 2);
  } else {
    posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  }
  posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());

  ProgramResult result;
  result.call = "in " + folder_ + ":";
  for (const std::string& argument : arguments) result.call += " '" + argument + "'";
  pid_t process = 0;
  const int error = posix_spawn(&process, arguments.front().c_str(), &actions, nullptr,
                                pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    ADD_FAILURE() << "cannot start " << program << ": " << std::strerror(error);
    return result;
  }
  if (call.while_running) call.while_running(process);
  int status = 0;
  ::waitpid(process, &status, 0);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (call.out_path.empty()) result.out = content_of(out);
  result.err = call.on_terminal ? terminal.text() : content_of(err);
  return result;
}

bool CliTest::wait_for_message(const std::string& text) const {
  for (int i = 0; i < 6000; ++i) {
    if (content_of(folder_ + ".stderr").find(text) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

void CliTest::write(const std::string& name, const std::string& content) const {
  std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
  std::ofstream(path(name), std::ios::binary) << content;
}

std::string CliTest::read(const std::string& name) const { return content_of(path(name)); }

bool CliTest::exists(const std::string& name) const { return std::filesystem::exists(path(name)); }

std::vector<std::string> CliTest::names_in(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path(name))) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool wait_until_it_listens(int process) {
  const std::string status = "/proc/" + std::to_string(process) + "/status";
  for (int i = 0; i < 12'000; ++i) {
    std::ifstream file(status);
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("SigCgt:")) continue;
      // The clock of StopSignals: nothing else catches that signal.
      const std::uint64_t caught = std::stoull(line.substr(7), nullptr, 16);
      if ((caught >> (SIGALRM - 1) & 1U) != 0) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

int open_writer(const std::string& path, int process) {
  siginfo_t ended = {};
  while (::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0) {
    const int out = ::open(path.c_str(), O_WRONLY | O_NONBLOCK);
    if (out >= 0) {
      ::fcntl(out, F_SETFL, 0);
      return out;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ADD_FAILURE() << "the program ended before it opened the pipe";
  return -1;
}

bool has_terminals() {
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) return false;
  ::close(master);
  ::close(slave);
  return true;
}

testing::AssertionResult ends_with(const ProgramResult& result, int exit_code) {
  if (result.exit_code == exit_code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "exit code " << result.exit_code << " instead of "
                                     << exit_code << " " << result.call << "\nstderr:\n"
                                     << result.err << "stdout:\n"
                                     << result.out;
}

std::string last_line(const std::string& text) {
  std::string lines = text;
  while (!lines.empty() && lines.back() == '\n') lines.pop_back();
  return lines.substr(lines.rfind('\n') + 1);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string unzipped(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text(1 << 22, '\0');
  const int count = gzread(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  text.resize(static_cast<std::size_t>(std::max(count, 0)));
  return text;
}

}  // namespace virnucpro::test

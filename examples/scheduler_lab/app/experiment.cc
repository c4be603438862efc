#include "examples/scheduler_lab/app/experiment.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "examples/scheduler_lab/host/receiver.h"

namespace scheduler_lab {
namespace {

constexpr std::chrono::milliseconds kProgressEvery{200};

struct Job {
  std::size_t cell;  // in ExperimentResult::all
  std::size_t run;   // in Runs::runs
};

class Workers {
 public:
  Workers(const Experiment& experiment, ExperimentResult& result)
      : experiment_(experiment), result_(result) {
    for (const Scenario& scenario : experiment.scenarios) {
      for (const std::string& scheduler : experiment.schedulers) {
        for (std::size_t i = 0; i < experiment.seeds; ++i) jobs_.push_back({result.all.size(), i});
        result.all.push_back({.scenario = &scenario, .scheduler = scheduler});
        result.all.back().runs.resize(experiment.seeds);
      }
    }
  }

  void run(const Progress& progress) {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < experiment_.jobs; ++i) threads.emplace_back([this] { work(); });
    std::unique_lock lock(mutex_);
    while (done_ < jobs_.size()) {
      changed_.wait_for(lock, kProgressEvery, [this] { return done_ == jobs_.size(); });
      const std::size_t done = done_;
      lock.unlock();
      progress(done, jobs_.size());
      lock.lock();
    }
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (next_ < jobs_.size()) {
      const Job job = jobs_[next_++];
      lock.unlock();
      std::string error = perform_one(job);
      lock.lock();
      if (!error.empty()) result_.errors.push_back(std::move(error));
      ++done_;
      changed_.notify_one();
    }
  }

  std::string perform_one(const Job& job) {
    Runs& of = result_.all[job.cell];
    const std::uint64_t seed = experiment_.first_seed + job.run;
    try {
      of.runs[job.run] = simulate({.scenario = of.scenario,
                                   .scheduler = of.scheduler,
                                   .settings = experiment_.settings,
                                   .seed = seed,
                                   .plugin = experiment_.plugin});
      return {};
    } catch (const Broken& broken) {
      return of.scenario->name + ", " + of.scheduler + ", seed " + std::to_string(seed) + ": " +
             broken.what();
    }
  }

  const Experiment& experiment_;
  ExperimentResult& result_;
  std::vector<Job> jobs_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

ExperimentResult perform(const Experiment& experiment, const Progress& progress) {
  ExperimentResult result;
  Workers(experiment, result).run(progress);
  return result;
}

}  // namespace scheduler_lab

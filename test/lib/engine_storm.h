/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_storm.h - fork, over and over, amid threads that allocate. */
#ifndef TEST_LIB_ENGINE_STORM_H
#define TEST_LIB_ENGINE_STORM_H

#include <string>
#include <vector>

namespace engine {

/* Opens SPECS, lets THREADS threads allocate from all of them, and forks
 * FORKS times meanwhile. Every child allocates, frees and looks at what the
 * kinds hold, then ends; none may hang, crash or find a block changed. */
void expect_forks_survive(
    const std::vector<std::string> &specs, unsigned threads, unsigned forks);

} // namespace engine

#endif /* TEST_LIB_ENGINE_STORM_H */

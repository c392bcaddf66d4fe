// SPDX-License-Identifier: Apache-2.0
// Makes inputs for a reader out of good ones: bytes and lines changed, words of the corpus put
// elsewhere, numbers replaced by those at which programs break, parts repeated, files spliced.
//
// An input depends on the seed, its number and the corpus only, so that each can be made again
// alone. Units: bytes. Threading: none. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace ntb::fuzz {

class mutator {
public:
    /// `corpus` must not be empty; inputs are at most `max_bytes` long.
    mutator(std::vector<std::string> corpus, std::size_t max_bytes);

    /// Input number `n` of that seed.
    [[nodiscard]] std::string make(std::uint64_t seed, std::uint64_t n);

private:
    using change = void (mutator::*)(std::string&);

    [[nodiscard]] std::size_t below(std::size_t bound); ///< 0..bound-1; 0 if bound is 0
    void flip_bit(std::string& s);
    void set_byte(std::string& s);
    void erase(std::string& s);
    void duplicate(std::string& s);
    void repeat_often(std::string& s);
    void insert_noise(std::string& s);
    void insert_word(std::string& s);
    void replace_word(std::string& s);
    void replace_number(std::string& s);
    void replace_binary_number(std::string& s);
    void swap_lines(std::string& s);
    void splice(std::string& s);
    void cut(std::string& s);

    std::vector<std::string> corpus_;
    std::vector<std::string> words_; ///< of the corpus, each once
    std::size_t max_bytes_;
    std::mt19937_64 random_{};
};

} // namespace ntb::fuzz

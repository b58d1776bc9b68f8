// What Go's regexp makes of patterns: one JSON object per line for the tests of tamis-re2.
//
//	go run . > ../tests/oracle.jsonl      the fixed patterns below
//	go run . -seed 7 -count 1000          random ones
//
// A case is a haystack and what becomes of it when every match is put in angle brackets, both in hex,
// as they need not be UTF-8; nothing stands for no change.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/rand"
	"os"
	"regexp"
	"regexp/syntax"
	"strings"
)

type line struct {
	Pattern string      `json:"pattern"`
	Error   string      `json:"error,omitempty"`
	Cases   [][2]string `json:"cases,omitempty"`
}

func main() {
	seed := flag.Int64("seed", 0, "of the random patterns")
	count := flag.Int("count", 0, "how many random patterns; 0: the fixed ones")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	random := rand.New(rand.NewSource(*seed))
	if *count == 0 {
		for _, pattern := range fixedPatterns {
			encoder.Encode(examine(pattern, fixedHaystacks))
		}
		return
	}
	for range *count {
		pattern := randomAlternation(random, 3)
		haystacks := make([]string, 12)
		for i := range haystacks {
			haystacks[i] = randomHaystack(random)
		}
		encoder.Encode(examine(pattern, haystacks))
	}
}

func examine(pattern string, haystacks []string) line {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return line{Pattern: pattern, Error: string(err.(*syntax.Error).Code)}
	}
	examined := line{Pattern: pattern}
	for _, haystack := range haystacks {
		marked := compiled.ReplaceAllStringFunc(haystack, func(match string) string {
			return "<" + match + ">"
		})
		if marked == haystack {
			marked = ""
		}
		pair := [2]string{hex.EncodeToString([]byte(haystack)), hex.EncodeToString([]byte(marked))}
		examined.Cases = append(examined.Cases, pair)
	}
	return examined
}

var letters = []string{
	"a", "b", "A", "k", "K", "\u212a", "s", "S", "\u017f", "0", "9", "\u0660", "_", "-", " ", "\n",
	"\v", ".", "é", "ß", "ẞ", "\ufffd", "\xff", "\xe2\x82", "&", "[", "]", "^",
}

func randomHaystack(random *rand.Rand) string {
	var text strings.Builder
	for range random.Intn(12) {
		text.WriteString(letters[random.Intn(len(letters))])
	}
	return text.String()
}

var atoms = []string{
	"a", "b", "k", "s", "0", "_", "-", "é", "ß", ".", ".", "^", "$", `\b`, `\B`, `\A`, `\z`, `\d`, `\w`,
	`\s`, `\D`, `\W`, `\S`, `\pL`, `\PL`, `\p{Lu}`, `\p{Greek}`, `\x{FFFD}`, `\x41`, `\101`, `[ab]`,
	`[^a]`, `[a&&b]`, `[[a]`, `[[:alpha:]]`, `[[:^digit:]_]`, `[^\W_]`, `[a-k]`, `[\d-]`, `[]a]`,
	`[^]a]`, `[k\]]`, `\Qa.\E`, `(?i)`, `(?s)`, `(?m)`, `(?U)`, `(?-i)`, `(?i:k)`, `(?i:[^k])`, `(?i:[a-t])`,
	`\pN`, "\\\n", `{`, `{,2}`, `[--0]`, `[a-]`, "",
}

var repeats = []string{"", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}?", "{2,}", "{0}"}

func randomAlternation(random *rand.Rand, depth int) string {
	branches := make([]string, 1+random.Intn(3)/2)
	for i := range branches {
		var branch strings.Builder
		for range 1 + random.Intn(4) {
			atom := atoms[random.Intn(len(atoms))]
			if depth > 0 && random.Intn(4) == 0 {
				open := []string{"(", "(?:", "(?P<n>", "(?i:", "(?<m>"}[random.Intn(5)]
				atom = open + randomAlternation(random, depth-1) + ")"
			}
			branch.WriteString(atom + repeats[random.Intn(len(repeats))])
		}
		branches[i] = branch.String()
	}
	return strings.Join(branches, "|")
}

package main

import "strings"

var fixedHaystacks = []string{
	"", "a", "abc", "aaa", "a\nb", "a\nb\n", "k K \u212a", "s S \u017f", "ß ẞ", "é É e\u0301", "[a&&b]", "a-b--c",
	"4111111111111111 and 5105105105105100", "user.name+tag@example.co.uk, x@y", "078-05-1120 1078-05-1120",
	"\u0660\u0661\u0662 012", "tab\tvt\vff\fnl\ncr\r", "\x00\x07\x08\x1b\x7f", "a\xffb\xe2\x82c\xed\xa0\x80",
	"\ufffd\xff", "Ελληνικά и 漢字 ไทย", "_under_score", "10.0.0.1:8080", "AKIAIOSFODNN7EXAMPLE",
	"Bearer eyJhbGciOi.J9.sig", "foo.bar", "{2}", "x{,3}", `back\slash`, "\u2028\u0085\u00a0",
}

var fixedPatterns = []string{
	// Redaction as people write it.
	`4[0-9]{12}(?:[0-9]{3})?`, `(5[1-5][0-9]{14})`, `[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`,
	`\b\d{3}-\d{2}-\d{4}\b`, `(?i)bearer\s+[\w.-]+`, `AKIA[0-9A-Z]{16}`, `.*(token|api_key).*`, `.+@mycompany.com`,
	`^(10)\.(\d+)`, `(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$|\b)){4}`, `[[:alpha:]]+$`,
	// ASCII classes and what folding adds to them.
	`\d+`, `\D+`, `\w+`, `\W+`, `\s+`, `\S+`, `[\s]`, `[^\S]`, `[^\W\d]`, `(?i)k`, `(?i)s`, `(?i)[a-z]+`, `(?i)[^k]`,
	`(?i)ß`, `(?i)é`, `(?i)\w+`, `(?i)\W+`, `(?i)[[:lower:]]+`, `(?i)[[:^lower:]]+`, `(?i)\p{Lu}+`, `(?i)\P{Lu}+`, `(?i)[^\x00-\x{10FFFF}]`,
	`[[:alnum:]]+`, `[[:alpha:]]`, `[[:ascii:]]+`, `[[:blank:]]`, `[[:cntrl:]]+`, `[[:digit:]]`, `[[:graph:]]+`,
	`[[:lower:]]`, `[[:print:]]+`, `[[:punct:]]+`, `[[:space:]]+`, `[[:upper:]]+`, `[[:word:]]+`, `[[:xdigit:]]+`,
	`[[:^word:]]+`, `[^[:^word:]]+`, `[[:foo:]]`, `[[:word:]-a]`, `[:word:]`,
	// What is a set or a nested class elsewhere.
	`[a&&b]+`, `[[a]+`, `[a--b]`, `[a~~b]+`, `[a||b]+`, `[[a-c]&&[b]]`, `[+--]+`, `[--/]+`, `[a-]`, `[-a]`, `[]a]+`,
	`[^]a]+`, `[]`, `[^]`, `[`, `[a`, `[a-`, `[z-a]`, `[a-\d]`, `[\d-z]+`, `[\b]`, `[\Qa\E]`, `[\pL\d]+`, `[\x41-\x43]+`, `[^\n]+`,
	// Boundaries and lines.
	`\b`, `\B`, `\b\w`, `\w\b`, `\B\w`, `^`, `$`, `(?m)^`, `(?m)$`, `(?m)^.`, `.$`, `(?m).$`, `\A.`, `.\z`, `(?m)\A.`, `(?m).\z`, `\Z`, `\G`, `^*`, `$+`, `(?:^|b)b`, `(^|a)*b`,
	// Dots and newlines.
	`.`, `.*`, `.+`, `(?s).`, `(?s).*`, `(?-s).`, `(?s-s).*`, `[^a]`, `(?s)a.b`, `a.b`,
	// Greed and empty matches.
	``, `a*`, `a*?`, `a??`, `(?U)a*`, `(?U)a*?`, `(?U:a+)a`, `|a`, `a|`, `()`, `(|a)*`, `(|a)+`, `(a|)*`, `(a*)*`, `(a*)+`, `(?:a?){3}`, `(?:a|ab)(?:c|bcd)?`, `b|a|abc`, `(?:(a)|b)*`, `a{2}`, `a{2,}`, `a{0}`, `a{0,1}`, `a{1,2}?`, `a{,2}`, `x{,3}`, `{2}`, `a{`, `a{1`, `a{1,`, `a{1,2`, `a{01}`, `a{2,1}`, `a{1000}`, `a{1001}`, `a{1,1001}`, `(a{30}){30}`, `(a{30}){34}`, `(a{1000}b){1}`, `((a{100}){10}){2}`, `(a{0}){1000}`, `a{9999999999}`, `a**`, `a*+`, `a+*`, `a???`, `a{2}{3}`, `a{2}*`, `(?i)*`, `a(?i)*`, `*`, `+a`, `|*`, `(*)`, `(?:)*`, `\Q\E*`, `a\Q\E*`, `\Qab\E+`, `a*(?i)*`,
	// Groups and flags.
	`(?P<n>a)b`, `(?<n>a)b`, `(?P<n>a)(?P<n>b)`, `(?P<>a)`, `(?P<a-b>a)`, `(?P<é>a)`, `(?P<n`, `(?<n`, `(?P<`, `(?<`, `(?P=n)`, `(?P>n)`, `(?'n'a)`, `(?=a)`, `(?!a)`, `(?<=a)b`, `(?<!a)b`, `(?>a)`, `(?#c)`, `(?x)a`, `(?u)a`, `(?R)`, `(?a)`, `(?)`, `(?:`, `(?`, `(`, `)`, `a)`, `(a`, `((a)`, `(?i)a(?-i)b`, `(?i:a)B`, `((?i)a)b|B`, `(?i)a|b`, `a(?i)b|c`, `(?-i-s)`, `(?i-)`, `(?-)`, `(?-:a)`, `(?ims-U:a.b)`, `(?ii)A`, `(?i-i)A`, `(?i-s:.)`,
	// Escapes.
	`\a`, `\f`, `\n`, `\r`, `\t`, `\v`, `\e`, `\c`, `\C`, `\X`, `\R`, `\h`, `\K`, `\1`, `\8`, `\0`, `\00`, `\007`, `\0101`, `\101`, `\12`, `\18`, `\377`, `\x`, `\x4`, `\x41`, `\x4g`, `\x{41}`, `\x{}`, `\x{10FFFF}`, `\x{110000}`, `\x{D800}`, `\x{fffd}`, `\x{0000000041}`, `\x{`, `\u0041`, `\é`, `\_`, `\-`, `\.`, `\\`, `\ `, "\\\n", `\`, `a\`, `\"`, `\/`, `\<`, `\Qa.b`, `\Q[a&&b]\E`, `\Qa\Eb`, `\E`, `\Q\`,
	// Unicode classes.
	`\pL+`, `\PL+`, `\pN`, `\p{L}+`, `\p{Lu}`, `\p{^Lu}`, `\P{^Lu}`, `\p{Greek}+`, `\p{greek}+`, `\p{Han}+`, `\p{Thai}+`, `\p{Cyrillic}+`, `\p{Latin}+`, `\p{Common}+`, `\p{Any}+`, `\p{ASCII}+`, `\p{Assigned}+`, `\p{Letter}+`, `\p{Lowercase_Letter}`, `\p{LC}+`, `\p{Cs}`, `\p{C}`, `\p{Cc}`, `\pZ`, `\p{Zl}`, `\p{digit}`, `\p{Foo}`, `\p{Grek}`, `\p{sc=Greek}`, `\p{Alphabetic}`, `\p{}`, `\p{L`, `\p`, `\pé`, `\p1`, `[\p{Greek}a]+`, `[^\p{Latin}]+`, `\p{Hiragana}`, `\p{Emoji}`, `\p{L&}`, `\p{IsL}`, `\p{InGreek}`,
	// Replacement characters and bad bytes.
	"\ufffd", `\x{FFFD}`, "[\ufffd]", "[^\ufffd]", `[^a-z]`, `[\x80-\x{10FFFF}]`, `\PC`, `a.b`, `a.b.c`, `b..c`,
	// Big ones.
	strings.Repeat("(", 150) + "a" + strings.Repeat(")", 150),
	strings.Repeat("a?", 30) + strings.Repeat("a", 30),
	`(?i)(?:password|passwd|secret|api[_-]?key|token)["']?\s*[:=]\s*["']?[^\s"']+`,
}

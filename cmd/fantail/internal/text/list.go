package text

import "strings"

// SplitList splits a list at commas and white space. It returns no empty entries.
func SplitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

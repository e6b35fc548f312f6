package names

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Label begins the keys of the labels that keep the text of a folded id: original_id.1, original_id.2 and so on.
const Label = "original_id"

const (
	idCharacters        = 255
	labelCharacters     = 255
	mostLabels          = 16
	beginningCharacters = 189 // two tildes and 64 hex digits follow
	fold                = "~~"
	whiteSpace          = `[ \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]`
)

var (
	forbidden   = regexp.MustCompile(`[\x00-\x1f\x7f-\x{9f}/~]|\A` + whiteSpace + `|` + whiteSpace + `\z`)
	beyondASCII = regexp.MustCompile(`[^\x00-\x7f]`)
	escapes     = regexp.MustCompile(`(?:~[0-9A-F]{2})+`)
	cutEscape   = regexp.MustCompile(`~[0-9A-F]?\z`)
)

// Escape returns the id that stands for a text: the text itself, if it can be an id and has no tilde. Clients in all
// languages make the same id of a text.
//
// A text of any length has an id. Where that would be longer than 255 characters, it is folded: it ends with the SHA-256
// of the text, which [Labels] can keep. It fails if the text is not UTF-8.
func Escape(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", errors.New("a text that is not UTF-8 has no id")
	}
	whole := []rune(escaped(text))
	if len(whole) <= idCharacters {
		return string(whole), nil
	}
	digest := sha256.Sum256([]byte(text))
	beginning := cutEscape.ReplaceAllString(string(whole[:beginningCharacters]), "")
	return beginning + fold + hex.EncodeToString(digest[:]), nil
}

// Unescape returns the text that [Escape] has made an id of. The labels, those of the session or event that has the id,
// tell the text of a folded id, and no other; they may be nil. It returns false if the id is folded and the labels do
// not tell its text, or if Escape makes this id of no text.
func Unescape(id string, labels map[string]string) (string, bool) {
	whole := id
	if strings.Contains(id, fold) {
		whole = joined(labels)
	}
	text := ""
	if whole != "~" {
		text = escapes.ReplaceAllStringFunc(whole, unescaped)
	}
	again, err := Escape(text)
	if err != nil || again != id {
		return "", false
	}
	return text, true
}

// Labels returns the labels that tell the text of a folded id: at most 16, each of at most 255 characters.
//
// It returns none if the id of the text is not folded, and none either if its escape has more than 4,080 characters,
// which 16 labels cannot hold: whoever needs the text of such an id keeps it elsewhere. A text that is not UTF-8 has no
// id, and no labels.
func Labels(text string) map[string]string {
	rest := []rune(escaped(text))
	if !utf8.ValidString(text) || len(rest) <= idCharacters || len(rest) > mostLabels*labelCharacters {
		return nil
	}
	labels := map[string]string{}
	for len(rest) > 0 {
		length := min(labelCharacters, len(rest))
		labels[labelKey(len(labels)+1)] = string(rest[:length])
		rest = rest[length:]
	}
	return labels
}

// escaped returns the escape of a text, of any length.
func escaped(text string) string {
	switch text {
	case "":
		return "~"
	case "-", ".", "..":
		return bytesOf(text)
	}
	once := forbidden.ReplaceAllStringFunc(text, bytesOf)
	// What stands around an escaped character can be in another form than NFC by itself, or compose with a hex digit.
	if isNFC(once) {
		return once
	}
	return beyondASCII.ReplaceAllStringFunc(once, bytesOf)
}

// isNFC is norm.NFC.IsNormalString for texts that may have more than 30 combining characters in a row too, which that
// refuses. It asks for each character by itself, and for each that is not kept from composing with the starter before it.
func isNFC(text string) bool {
	starter, before := "", uint8(0)
	for _, char := range text {
		each := string(char)
		class := norm.NFC.PropertiesString(each).CCC()
		isInOrder := class == 0 || class >= before
		if !isInOrder || !norm.NFC.IsNormalString(each) {
			return false
		}
		if (before == 0 || class > before) && !norm.NFC.IsNormalString(starter+each) {
			return false
		}
		if class == 0 {
			starter = each
		}
		before = class
	}
	return true
}

func bytesOf(characters string) string {
	var escape strings.Builder
	for _, each := range []byte(characters) {
		fmt.Fprintf(&escape, "~%02X", each)
	}
	return escape.String()
}

func unescaped(escape string) string {
	decoded, err := hex.DecodeString(strings.ReplaceAll(escape, "~", ""))
	if err != nil {
		return escape
	}
	return string(decoded)
}

func joined(labels map[string]string) string {
	var whole strings.Builder
	for n := 1; n <= mostLabels; n++ {
		whole.WriteString(labels[labelKey(n)])
	}
	return whole.String()
}

func labelKey(n int) string {
	return fmt.Sprintf("%s.%d", Label, n)
}

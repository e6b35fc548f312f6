package names_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"activity-session/clients/go/names"
)

// The table that the clients of all languages are tested with.
type table struct {
	Escaped []struct {
		Text, ID string
		Labels   map[string]string
	}
	OfNoText []string `json:"of_no_text"`
	Names    []map[string]string
	NoNames  []string `json:"no_names"`
}

func read(t *testing.T) (read table) {
	t.Helper()
	text, err := os.ReadFile("../../../tests/clients/names.json")
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil || len(read.Escaped) == 0 || len(read.OfNoText) == 0 || len(read.Names) == 0 || len(read.NoNames) == 0 {
		t.Fatal("no table: ", err)
	}
	return read
}

func TestATextHasTheIDAndTheLabelsOfTheTable(t *testing.T) {
	for _, row := range read(t).Escaped {
		if id, err := names.Escape(row.Text); id != row.ID || err != nil {
			t.Errorf("%q has the id %q, not %q: %v", row.Text, id, row.ID, err)
		}
		if labels := names.Labels(row.Text); !maps.Equal(labels, row.Labels) {
			t.Errorf("%q has the labels %q, not %q", row.Text, labels, row.Labels)
		}
		isTold := !strings.Contains(row.ID, "~~") || len(row.Labels) > 0
		if text, ok := names.Unescape(row.ID, row.Labels); ok != isTold || ok && text != row.Text {
			t.Errorf("%q has the text %q, not %q: %v", row.ID, text, row.Text, ok)
		}
	}
}

func TestAnIDThatNoTextHasGivesNone(t *testing.T) {
	for _, id := range append(read(t).OfNoText, "\xff") {
		for _, labels := range []map[string]string{nil, names.Labels(strings.Repeat("/", 100)), {"original_id.1": "\xff"}} {
			if text, ok := names.Unescape(id, labels); ok || text != "" {
				t.Errorf("%q has the text %q", id, text)
			}
		}
	}
}

func TestWhatIsNotUTF8IsRefused(t *testing.T) {
	for _, text := range []string{"\xed\xa0\xbd", strings.Repeat("\xff", 300)} {
		if id, err := names.Escape(text); err == nil || names.Labels(text) != nil {
			t.Errorf("%q has the id %q", text, id)
		}
	}
}

func TestANameIsMadeOfItsIDsAndTakenApartAgain(t *testing.T) {
	for _, row := range read(t).Names {
		ids := names.Name{
			Namespace: row["namespace"], Participant: row["participant"], Session: row["session"],
			Event: row["event"], Memory: row["memory"],
		}
		if parsed, err := names.Parse(row["name"]); parsed != ids || err != nil {
			t.Errorf("%q is taken apart to %+v: %v", row["name"], parsed, err)
		}
		if made := made(ids); made != row["name"] {
			t.Errorf("%+v make the name %q, not %q", ids, made, row["name"])
		}
	}
}

func made(ids names.Name) string {
	switch {
	case ids.Participant != "":
		return names.Participant(ids.Namespace, ids.Participant)
	case ids.Event != "":
		return names.Event(ids.Namespace, ids.Session, ids.Event)
	case ids.Memory != "":
		return names.Memory(ids.Namespace, ids.Session, ids.Memory)
	case ids.Session != "":
		return names.Session(ids.Namespace, ids.Session)
	}
	return names.Namespace(ids.Namespace)
}

func TestWhatIsNoNameIsRefused(t *testing.T) {
	for _, name := range read(t).NoNames {
		if parsed, err := names.Parse(name); err == nil || parsed != (names.Name{}) {
			t.Errorf("%q is taken apart to %+v", name, parsed)
		}
	}
}

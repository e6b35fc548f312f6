// Package names makes the names of resources, and takes them apart.
package names

import (
	"fmt"
	"strings"
)

// Name has the ids in a name; those that it does not have are empty.
type Name struct {
	Namespace, Participant, Session, Event, Memory string
}

// Parse takes a name apart; its ids are not unescaped. It fails if that is not the name of a resource.
func Parse(name string) (Name, error) {
	var parsed Name
	var collections []string
	words := strings.Split(name, "/")
	for i, id := range words {
		if i%2 == 0 {
			collections = append(collections, id)
		} else if field := parsed.field(strings.Join(collections, "/")); field != nil && id != "" {
			*field = id
		} else {
			return Name{}, noName(name)
		}
	}
	if len(words)%2 != 0 {
		return Name{}, noName(name)
	}
	return parsed, nil
}

// field returns the id that follows a name's collections; nil if no name has these.
func (n *Name) field(collections string) *string {
	switch collections {
	case "namespaces":
		return &n.Namespace
	case "namespaces/participants":
		return &n.Participant
	case "namespaces/sessions":
		return &n.Session
	case "namespaces/sessions/events":
		return &n.Event
	case "namespaces/sessions/memories":
		return &n.Memory
	}
	return nil
}

func noName(name string) error {
	return fmt.Errorf("%q is not the name of a resource", name)
}

// Namespace returns the name of the namespace with that id.
func Namespace(namespace string) string {
	return "namespaces/" + namespace
}

// Participant returns the name of a participant from ids, which are taken as they are.
func Participant(namespace, participant string) string {
	return Namespace(namespace) + "/participants/" + participant
}

// Session returns the name of a session from ids, which are taken as they are.
func Session(namespace, session string) string {
	return Namespace(namespace) + "/sessions/" + session
}

// Event returns the name of an event from ids, which are taken as they are.
func Event(namespace, session, event string) string {
	return Session(namespace, session) + "/events/" + event
}

// Memory returns the name of a memory from ids, which are taken as they are.
func Memory(namespace, session, memory string) string {
	return Session(namespace, session) + "/memories/" + memory
}

// Say prints what has been said in a session, a line for each event, and then says something itself:
//
//	go run ./examples/say ADDRESS SESSION AUTHOR [TEXT]
//
// The session is named in full, as in namespaces/default/sessions/weather. Without a text it only prints. What agents of
// any framework have said is shown, calls of tools too; the rest is skipped (docs/content.md).
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path"
	"strings"

	"google.golang.org/grpc"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
	"activity-session/clients/go/names"
)

func main() {
	if len(os.Args) < 4 || len(os.Args) > 5 {
		log.Fatal("say ADDRESS SESSION AUTHOR [TEXT]")
	}
	conn, err := activitysession.Connect(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if err := say(context.Background(), conn, os.Args[2], os.Args[3], strings.Join(os.Args[4:], "")); err != nil {
		log.Fatal(err)
	}
}

func say(ctx context.Context, conn *grpc.ClientConn, session, author, text string) error {
	name, err := names.Parse(session)
	if err != nil {
		return err
	}
	parent := names.Namespace(name.Namespace)
	writer, err := activitysession.EnsureParticipant(ctx, conn, parent, author, v1.ParticipantType_PARTICIPANT_TYPE_AGENT)
	if err != nil {
		return err
	}
	if _, err := activitysession.EnsureSession(ctx, conn, parent, name.Session, writer.Name); err != nil {
		return err
	}
	if err := show(ctx, conn, session); err != nil || text == "" {
		return err
	}
	_, err = activitysession.AppendText(ctx, conn, session, writer.Name, text)
	return err
}

func show(ctx context.Context, conn *grpc.ClientConn, session string) error {
	request := &v1.ListEventsRequest{Parent: session, PageSize: 1000}
	for {
		page, err := v1.NewEventServiceClient(conn).ListEvents(ctx, request)
		if err != nil {
			return err
		}
		for _, event := range page.Events {
			if said := textOf(event); said != "" {
				fmt.Printf("%s: %s\n", path.Base(event.Author), said)
			}
		}
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			return nil
		}
	}
}

// textOf returns what an event says, in one line; nothing if it is of a kind that this program does not know.
func textOf(event *v1.Event) string {
	kind, _, _ := strings.Cut(event.MediaType, ";")
	switch {
	case kind == "application/vnd.activity-session.parts+json":
		return textOfParts(event.GetText())
	case kind == "" || strings.HasPrefix(kind, "text/"):
		return event.GetText()
	}
	return ""
}

func textOfParts(text string) string {
	var whole struct{ Parts []json.RawMessage }
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return ""
	}
	var said []string
	for _, raw := range whole.Parts {
		var part struct {
			Text     string
			ToolCall struct{ Name string }            `json:"tool_call"`
			Result   struct{ Result json.RawMessage } `json:"tool_result"`
		}
		if err := json.Unmarshal(raw, &part); err != nil {
			continue
		}
		if line := cmp.Or(part.Text, part.ToolCall.Name, string(part.Result.Result)); line != "" {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}

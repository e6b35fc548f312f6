package activitysession

import (
	"cmp"
	"context"
	"encoding/json"

	"google.golang.org/grpc"

	v1 "activity-session/clients/go/activity_session/v1"
)

const (
	messageType   = "message"
	jsonMediaType = "application/json"
)

// AppendOption is an option of [AppendText], [AppendJSON], and those of a [Turn].
type AppendOption func(*v1.AppendEventsRequest)

// WithType says what kind of event it is, at most 255 characters; "message" otherwise.
func WithType(kind string) AppendOption {
	return func(request *v1.AppendEventsRequest) { request.Events[0].Type = kind }
}

// WithEventID gives the event an id of your own, such as that of what the event is about: a program that appends it
// again after a restart gets the event that is there. With other content that is [ErrAlreadyExists].
func WithEventID(id string) AppendOption {
	return func(request *v1.AppendEventsRequest) { request.Events[0].EventId = id }
}

// WithTurnToken appends only while the turn with this token is held; otherwise the error is [ErrTurnLost].
func WithTurnToken(token int64) AppendOption {
	return func(request *v1.AppendEventsRequest) { request.TurnToken = token }
}

// AppendText appends a text by an author, the name of a participant or empty, and returns the event with its number. The
// event has an id, made once and kept over all retries, so that it is appended once.
func AppendText(
	ctx context.Context, conn grpc.ClientConnInterface, session, author, text string, options ...AppendOption,
) (*v1.Event, error) {
	event := &v1.Event{Author: author, Content: &v1.Event_Text{Text: text}}
	return appendEvent(ctx, conn, session, event, options)
}

// AppendJSON appends a value as JSON, of the media type application/json; all else is as in [AppendText].
func AppendJSON(
	ctx context.Context, conn grpc.ClientConnInterface, session, author string, value any, options ...AppendOption,
) (*v1.Event, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	event := &v1.Event{Author: author, Content: &v1.Event_Text{Text: string(text)}, MediaType: jsonMediaType}
	return appendEvent(ctx, conn, session, event, options)
}

func appendEvent(
	ctx context.Context, conn grpc.ClientConnInterface, session string, event *v1.Event, options []AppendOption,
) (*v1.Event, error) {
	request := &v1.AppendEventsRequest{Parent: session, Events: []*v1.Event{event}}
	for _, option := range options {
		option(request)
	}
	event.Type = cmp.Or(event.Type, messageType)
	event.EventId = cmp.Or(event.EventId, newRequestID())
	appended, err := v1.NewEventServiceClient(conn).AppendEvents(ctx, request)
	if err != nil {
		return nil, err
	}
	return appended.Events[0], nil
}

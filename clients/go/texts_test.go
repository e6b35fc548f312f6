package activitysession_test

import (
	"errors"
	"testing"

	"google.golang.org/grpc/codes"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

const notUTF8 = "half \xed\xa0\xbd"

func checkRefused(t *testing.T, err error, field string) {
	t.Helper()
	var refused *activitysession.Error
	if !errors.As(err, &refused) || refused.Code != codes.InvalidArgument ||
		refused.Reason != v1.ErrorReason_ERROR_REASON_INVALID_FIELD || len(refused.FieldViolations) != 1 ||
		refused.FieldViolations[0].Field != field {
		t.Errorf("not refused because of %s: %v", field, err)
	}
}

func TestATextThatIsNotUTF8IsRefusedWithItsFieldAndNotSent(t *testing.T) {
	s := &server{}
	conn := s.connect(t)
	for field, request := range map[string]*v1.AppendEventsRequest{
		"parent":                 {Parent: notUTF8},
		"events[1].text":         {Events: []*v1.Event{text("a"), text(notUTF8)}},
		"events[0].media_type":   {Events: []*v1.Event{{MediaType: notUTF8}}},
		"events[0].labels.title": {Events: []*v1.Event{{Labels: map[string]string{"title": notUTF8}}}},
		"events[0].labels":       {Events: []*v1.Event{{Labels: map[string]string{notUTF8: "a"}}}},
		"state_updates[0].key":   {StateUpdates: []*v1.StateUpdate{{Key: notUTF8}}},
	} {
		checkRefused(t, appendEvents(t, conn, request), field)
	}
	if ids := s.requestIDs(); len(ids) != 0 {
		t.Error("sent:", ids)
	}
}

func TestAnyTextInUTF8IsSentAsItIs(t *testing.T) {
	s := &server{}
	conn := s.connect(t)
	for _, each := range []string{"\U0001f680", "e\u0301", "\ufffd", "\x00"} {
		if err := appendEvents(t, conn, &v1.AppendEventsRequest{Events: []*v1.Event{text(each)}}); err != nil {
			t.Fatal(err)
		}
		if got := s.requests[len(s.requests)-1].Events[0].GetText(); got != each {
			t.Errorf("%q was sent as %q", each, got)
		}
	}
}

func TestAStreamRefusesItToo(t *testing.T) {
	conn := (&server{}).connect(t)
	stream, err := v1.NewSessionServiceClient(conn).WatchSession(
		within(t, patience), &v1.WatchSessionRequest{Name: notUTF8})
	if err == nil {
		_, err = stream.Recv()
	}
	checkRefused(t, err, "name")
}

func TestAWatchOfItIsRefused(t *testing.T) {
	conn := (&server{}).connect(t)
	for _, err := range activitysession.Watch(within(t, patience), conn, notUTF8, 0) {
		checkRefused(t, err, "name")
		return
	}
	t.Error("the watch ended without an error")
}

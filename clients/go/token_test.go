package activitysession_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

func TestEachCallAsksForTheToken(t *testing.T) {
	asked := 0
	s := &server{watch: sendBookmark}
	conn := s.connect(t, activitysession.WithTokenSource(func(context.Context) (string, error) {
		asked++
		return fmt.Sprint("token-", asked), nil
	}))
	for range 2 {
		if err := appendEvents(t, conn, &v1.AppendEventsRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range activitysession.Watch(within(t, patience), conn, "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if want := []string{"Bearer token-1", "Bearer token-2", "Bearer token-3"}; !slices.Equal(s.tokens, want) {
		t.Error("sent", s.tokens)
	}
}

func TestATokenThatCannotBeHadFailsTheCall(t *testing.T) {
	s := &server{}
	conn := s.connect(t, activitysession.WithTokenSource(func(context.Context) (string, error) {
		return "", errors.New("no token")
	}))
	err := appendEvents(t, conn, &v1.AppendEventsRequest{})
	if status.Code(err) != codes.Unauthenticated || len(s.requests) != 0 {
		t.Error(err, s.requests)
	}
}

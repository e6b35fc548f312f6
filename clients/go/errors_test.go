package activitysession_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

const changed = "the session has changed"

// mismatch is an error of the service to which a mesh has added details of its own.
func mismatch() *status.Status {
	whole, err := status.New(codes.Aborted, changed).WithDetails(
		&errdetails.ErrorInfo{
			Domain: "activity-session", Reason: "ETAG_MISMATCH", Metadata: map[string]string{"etag": "e2"},
		},
		&errdetails.ErrorInfo{Domain: "mesh", Reason: "ROUTED", Metadata: map[string]string{"route": "a"}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "etag"}}},
		&v1.Conflict{},
	)
	if err != nil {
		panic(err)
	}
	return whole
}

func verify(t *testing.T, err error) {
	t.Helper()
	var e *activitysession.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	_, ok := e.Status.Details()[3].(*v1.Conflict)
	if e.Reason != v1.ErrorReason_ERROR_REASON_ETAG_MISMATCH || len(e.Metadata) != 1 || e.Metadata["etag"] != "e2" ||
		e.FieldViolations[0].Field != "etag" || e.Code != codes.Aborted || e.Message != changed || !ok {
		t.Errorf("%+v", e)
	}
	want := "rpc error: code = Aborted reason = ETAG_MISMATCH desc = " + changed
	if status.Code(err) != codes.Aborted || err.Error() != want {
		t.Error(err)
	}
}

func TestACallFailsWithAnError(t *testing.T) {
	s := &server{append: func(*v1.AppendEventsRequest) error { return mismatch().Err() }}
	verify(t, appendEvents(t, s.connect(t), &v1.AppendEventsRequest{}))
}

func TestAStreamFailsWithAnError(t *testing.T) {
	s := &server{watch: func(grpc.ServerStreamingServer[v1.WatchSessionResponse]) error { return mismatch().Err() }}
	client := v1.NewSessionServiceClient(s.connect(t))
	stream, err := client.WatchSession(within(t, patience), &v1.WatchSessionRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	verify(t, err)
}

func TestAStreamEndsWithEOF(t *testing.T) {
	s := &server{watch: func(grpc.ServerStreamingServer[v1.WatchSessionResponse]) error { return nil }}
	client := v1.NewSessionServiceClient(s.connect(t))
	stream, err := client.WatchSession(within(t, patience), &v1.WatchSessionRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = stream.Recv(); err != io.EOF {
		t.Error(err)
	}
}

func TestAnErrorOfAnyConnectionIsUnderstood(t *testing.T) {
	e, _ := activitysession.FromError(mismatch().Err())
	verify(t, e)
	same, _ := activitysession.FromError(fmt.Errorf("append: %w", e))
	verify(t, same)
}

func TestWhatIsNoErrorOfACallIsNone(t *testing.T) {
	for _, err := range []error{nil, io.EOF, errors.New("another")} {
		if e, ok := activitysession.FromError(err); ok || e != nil {
			t.Error(err, e)
		}
	}
}

func TestAReasonThatIsNotKnownIsUnspecified(t *testing.T) {
	whole, _ := status.New(codes.Aborted, "new").WithDetails(&errdetails.ErrorInfo{
		Domain: "activity-session", Reason: "OF_THE_FUTURE", Metadata: map[string]string{"a": "b"},
	})
	e, ok := activitysession.FromError(whole.Err())
	if !ok || e.Reason != v1.ErrorReason_ERROR_REASON_UNSPECIFIED || e.Metadata["a"] != "b" {
		t.Errorf("%+v", e)
	}
}

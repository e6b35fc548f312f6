package activitysession

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "activity-session/clients/go/activity_session/v1"
)

const (
	domain       = "activity-session"
	reasonPrefix = "ERROR_REASON_"
)

// Error is the error of a failed call. Calls on a connection made by [Connect] return it; errors.As finds it.
type Error struct {
	// Code is the status code.
	Code codes.Code
	// Message is for people; it may change.
	Message string
	// Reason is why the call failed; ERROR_REASON_UNSPECIFIED if the server gave no reason, or if the error comes from
	// gRPC or from a proxy.
	Reason v1.ErrorReason
	// Metadata has the facts that belong to the reason; error_reason.proto lists the keys.
	Metadata map[string]string
	// FieldViolations are the fields of the request that are wrong, each with its path and a description.
	FieldViolations []*errdetails.BadRequest_FieldViolation
	// Status is the whole status, for other details such as a Conflict.
	Status *status.Status
}

// FromError makes an Error of the error of a call on any connection. It returns false for nil and for errors that are
// not those of a call, such as io.EOF.
func FromError(err error) (*Error, bool) {
	var known *Error
	if errors.As(err, &known) {
		return known, true
	}
	whole, ok := status.FromError(err)
	if err == nil || !ok {
		return nil, false
	}
	return fromStatus(whole), true
}

// The kinds of errors that programs tell apart: errors.Is(err, ErrTurnLost).
var (
	// ErrNotFound: what the call is about is not there.
	ErrNotFound = errors.New("not found")
	// ErrAlreadyExists: the name, or the id of an event, is taken.
	ErrAlreadyExists = errors.New("already exists")
	// ErrDeleted: the session, or what else the call is about, is deleted.
	ErrDeleted = errors.New("deleted")
	// ErrPurged: what the caller asks for is gone by its age. The metadata first_sequence says what is left.
	ErrPurged = errors.New("purged")
	// ErrConflict: somebody else was first, and nothing was written; see [Error.Missed].
	ErrConflict = errors.New("conflict")
	// ErrPermissionDenied: the caller may not do this.
	ErrPermissionDenied = errors.New("permission denied")
	// ErrUnavailable: the server, or its database, could not be reached, also not by retries.
	ErrUnavailable = errors.New("unavailable")
	// ErrTurnHeld: another participant holds the turn. The metadata holder and expire_time say who, and until when.
	ErrTurnHeld = errors.New("turn held")
	// ErrTurnLost: the turn is over, and somebody else may have it.
	ErrTurnLost = errors.New("turn lost")
)

var kindsByReason = map[v1.ErrorReason]error{
	v1.ErrorReason_ERROR_REASON_NAMESPACE_DELETED:   ErrDeleted,
	v1.ErrorReason_ERROR_REASON_PARTICIPANT_DELETED: ErrDeleted,
	v1.ErrorReason_ERROR_REASON_SESSION_DELETED:     ErrDeleted,
	v1.ErrorReason_ERROR_REASON_MEMORY_DELETED:      ErrDeleted,
	v1.ErrorReason_ERROR_REASON_TURN_HELD:           ErrTurnHeld,
	v1.ErrorReason_ERROR_REASON_TURN_LOST:           ErrTurnLost,
}

var kindsByCode = map[codes.Code]error{
	codes.NotFound:         ErrNotFound,
	codes.AlreadyExists:    ErrAlreadyExists,
	codes.OutOfRange:       ErrPurged,
	codes.Aborted:          ErrConflict,
	codes.PermissionDenied: ErrPermissionDenied,
	codes.Unavailable:      ErrUnavailable,
}

// Is reports whether the error is of a kind, one of [ErrNotFound] and those after it.
func (e *Error) Is(kind error) bool {
	return kind != nil && kind == cmp.Or(kindsByReason[e.Reason], kindsByCode[e.Code])
}

// Missed returns what the caller of a call with [ErrConflict] has missed: the newest number, the first events, or the
// keys with their revisions and values. It is empty after ETAG_MISMATCH, whose metadata etag is the current one.
func (e *Error) Missed() *v1.Conflict {
	for _, detail := range e.Status.Details() {
		if missed, ok := detail.(*v1.Conflict); ok {
			return missed
		}
	}
	return &v1.Conflict{}
}

// Error returns the code, the reason and the message.
func (e *Error) Error() string {
	return fmt.Sprintf("rpc error: code = %s reason = %s desc = %s", e.Code, e.reason(), e.Message)
}

func (e *Error) reason() string { return strings.TrimPrefix(e.Reason.String(), reasonPrefix) }

// GRPCStatus returns the status, for status.FromError and status.Code.
func (e *Error) GRPCStatus() *status.Status { return e.Status }

func fromStatus(whole *status.Status) *Error {
	e := &Error{Code: whole.Code(), Message: whole.Message(), Status: whole}
	for _, detail := range whole.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.Domain == domain {
				e.Reason = v1.ErrorReason(v1.ErrorReason_value[reasonPrefix+detail.Reason])
				e.Metadata = detail.Metadata
			}
		case *errdetails.BadRequest:
			e.FieldViolations = append(e.FieldViolations, detail.FieldViolations...)
		}
	}
	return e
}

// refuse returns the error that the server would return for something that is known here.
func refuse(reason v1.ErrorReason, text string, metadata map[string]string) error {
	info := &errdetails.ErrorInfo{Domain: domain, Reason: strings.TrimPrefix(reason.String(), reasonPrefix), Metadata: metadata}
	whole, err := status.New(codes.FailedPrecondition, text).WithDetails(info)
	if err != nil {
		return status.Error(codes.FailedPrecondition, text)
	}
	return fromStatus(whole)
}

// explain makes an Error of the error of a call, and returns other errors as they are.
func explain(err error) error {
	if e, ok := FromError(err); ok {
		return e
	}
	return err
}

// explainStream does the same for the errors of a stream.
func explainStream(
	ctx context.Context, description *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, description, conn, method, options...)
	if err != nil {
		return nil, explain(err)
	}
	return explainedStream{stream}, nil
}

type explainedStream struct{ grpc.ClientStream }

func (s explainedStream) SendMsg(message any) error {
	return explainSent(message, s.ClientStream.SendMsg(message))
}

func (s explainedStream) RecvMsg(message any) error { return explain(s.ClientStream.RecvMsg(message)) }

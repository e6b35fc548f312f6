package activitysession

import (
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

package activitysession

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "activity-session/clients/go/activity_session/v1"
)

const notUTF8 = "is not valid UTF-8"

// explainSent is [explain] for a call with that request. gRPC sends no text that is not UTF-8, and does not say where
// it is: such a call fails with INVALID_FIELD and the path of the field, as the server does it for other fields.
func explainSent(request any, err error) error {
	if message, ok := request.(proto.Message); ok && status.Code(err) == codes.Internal {
		if field := illFormed(message.ProtoReflect(), ""); field != "" {
			return refusal(field)
		}
	}
	return explain(err)
}

// illFormed returns the path of a text that is not UTF-8, in a message whose own path ends with a dot or is empty;
// empty if there is none.
func illFormed(message protoreflect.Message, prefix string) (found string) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		path := prefix + string(field.Name())
		switch {
		case field.IsMap():
			found = illFormedInMap(value.Map(), path)
		case field.IsList():
			list := value.List()
			for index := 0; index < list.Len() && found == ""; index++ {
				found = illFormedIn(list.Get(index), fmt.Sprintf("%s[%d]", path, index))
			}
		default:
			found = illFormedIn(value, path)
		}
		return found == ""
	})
	return found
}

func illFormedInMap(entries protoreflect.Map, path string) (found string) {
	entries.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		if found = illFormedIn(key.Value(), path); found == "" {
			found = illFormedIn(value, path+"."+key.String())
		}
		return found == ""
	})
	return found
}

func illFormedIn(value protoreflect.Value, path string) string {
	switch value := value.Interface().(type) {
	case string:
		if !utf8.ValidString(value) {
			return path
		}
	case protoreflect.Message:
		return illFormed(value, path+".")
	}
	return ""
}

func refusal(field string) error {
	text := field + ": " + notUTF8
	whole, err := status.New(codes.InvalidArgument, text).WithDetails(
		&errdetails.ErrorInfo{
			Domain: domain, Reason: strings.TrimPrefix(v1.ErrorReason_ERROR_REASON_INVALID_FIELD.String(), reasonPrefix),
			Metadata: map[string]string{"field": field},
		},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: field, Description: notUTF8},
		}},
	)
	if err != nil {
		return status.Error(codes.InvalidArgument, text)
	}
	return fromStatus(whole)
}

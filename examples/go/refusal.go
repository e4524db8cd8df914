package latchkey

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// refusal is why a request does not pass; err is what the client is not told.
type refusal struct {
	code       string
	answer     *VerifyAnswer
	retryAfter string
	err        error
}

type title struct {
	status int
	text   string
}

var problems = map[string]title{
	"missing_credential":    {401, "No credential was presented"},
	"invalid_api_key":       {401, "The API key is not valid"},
	"revoked_api_key":       {401, "The API key has been revoked"},
	"expired_api_key":       {401, "The API key has expired"},
	"disabled_api_key":      {401, "The API key is disabled"},
	"account_suspended":     {401, "The account is suspended"},
	"wrong_environment":     {403, "The key belongs to another environment"},
	"insufficient_scope":    {403, "The credential lacks a scope"},
	"ip_not_allowed":        {403, "The address may not use this key"},
	"conflict":              {409, "Conflict"},
	"rate_limited":          {429, "Too many requests"},
	"credits_exhausted":     {429, "No credits are left"},
	"internal_error":        {500, "Something went wrong"},
	"authority_unavailable": {503, "The answer is not known right now"},
}

var details = map[string]string{
	"missing_credential":    "Present a key as X-API-Key or as Authorization: Bearer.",
	"conflict":              "This idempotency key was used for another cost within 24 hours.",
	"authority_unavailable": "A store did not answer, so the answer is not known. Asking again is safe.",
}

// maxRetryAfterSeconds is for where no refill will cover the cost: soon enough to notice credits that were added.
const maxRetryAfterSeconds = 3600

// Problem is the body of a failure (RFC 9457).
type Problem struct {
	Type       string       `json:"type"`
	Title      string       `json:"title"`
	Status     int          `json:"status"`
	Detail     string       `json:"detail"`
	Code       string       `json:"code"`
	RequestID  string       `json:"request_id"`
	Errors     []FieldError `json:"errors,omitempty"`
	KeyID      string       `json:"key_id,omitempty"`
	ReplacedBy string       `json:"replaced_by,omitempty"`
}

// FieldError says which field of an invalid request is wrong, and why.
type FieldError struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// isVerdictCode: any other, that of another endpoint too, decides nothing.
func isVerdictCode(code string) bool {
	problem, ok := problems[code]
	return ok && problem.status < 500 && code != "missing_credential"
}

func unavailable(err error, retryAfter string) *refusal {
	return &refusal{code: "authority_unavailable", retryAfter: retryAfter, err: err}
}

func (r *refusal) write(w http.ResponseWriter, environment string) {
	problem := problems[r.code]
	id := newUUID()
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Request-Id", id)
	if problem.status <= 403 {
		header.Set("WWW-Authenticate", r.challenge())
	}
	if problem.status == http.StatusTooManyRequests || problem.status == http.StatusServiceUnavailable {
		seconds := r.retryAfterSeconds()
		header.Set("Retry-After", strconv.Itoa(seconds))
		if r.answer != nil {
			for name, value := range limitHeaders(r.answer.RateLimit, seconds) {
				header.Set(name, value)
			}
		}
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(Problem{
		Type: "/docs/errors#" + r.code, Title: problem.text, Status: problem.status,
		Detail: r.detail(environment), Code: r.code, RequestID: id,
	})
	w.WriteHeader(problem.status)
	_, _ = w.Write(body.Bytes())
}

func (r *refusal) detail(environment string) string {
	switch {
	case r.code == "insufficient_scope":
		missing, anyOf := strings.Join(r.answer.MissingScopes, " and "), strings.Join(r.answer.MissingAnyOf, " or ")
		if missing != "" && anyOf != "" {
			missing += ", and "
		}
		return "This needs " + missing + anyOf + "."
	case r.code == "wrong_environment":
		if environment == "" {
			environment = "live"
		}
		return "This needs a key of the environment " + environment + "."
	case r.code == "rate_limited" && r.answer.Key == nil:
		return "Too many unknown tokens from this address."
	case details[r.code] != "":
		return details[r.code]
	}
	return problems[r.code].text
}

// challenge: RFC 6750 3: no error where nothing was presented.
func (r *refusal) challenge() string {
	switch r.code {
	case "missing_credential":
		return `Bearer realm="latchkey"`
	case "insufficient_scope":
		needed := append(append([]string{}, r.answer.MissingScopes...), r.answer.MissingAnyOf...)
		return fmt.Sprintf(`Bearer realm="latchkey", error="insufficient_scope", scope="%s"`, strings.Join(needed, " "))
	}
	return `Bearer realm="latchkey", error="invalid_token"`
}

func (r *refusal) retryAfterSeconds() int {
	given := r.retryAfter
	if r.answer != nil && r.answer.RetryAfterSeconds != nil {
		given = string(r.answer.RetryAfterSeconds)
	}
	if given == "null" {
		return maxRetryAfterSeconds
	}
	if seconds, ok := secondsUntil(given); ok {
		return int(math.Ceil(seconds))
	}
	return 1
}

// secondsUntil: Retry-After is a number of seconds or a date (RFC 9110 10.2.3).
func secondsUntil(retryAfter string) (float64, bool) {
	if seconds, err := strconv.ParseFloat(retryAfter, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return seconds, true
	}
	if at, err := http.ParseTime(retryAfter); err == nil {
		return math.Max(0, time.Until(at).Seconds()), true
	}
	return 0, false
}

// limitHeaders are RateLimit-Policy and RateLimit (draft 11): a client that reads both must not wait longer than Retry-After.
func limitHeaders(windows []*RateLimitStatus, retryAfterSeconds int) map[string]string {
	headers := map[string]string{}
	var policies, limits []string
	for _, w := range windows {
		policies = append(policies, fmt.Sprintf(`"%s";q=%s;w=%s`, w.Name, decimal(w.Limit), decimal(w.WindowSeconds)))
		if retryAfterSeconds == 0 || w.ResetSeconds <= float64(retryAfterSeconds) {
			limits = append(limits, fmt.Sprintf(`"%s";r=%s;t=%s`, w.Name, decimal(w.Remaining), decimal(w.ResetSeconds)))
		}
	}
	if len(policies) > 0 {
		headers["RateLimit-Policy"] = strings.Join(policies, ", ")
	}
	if len(limits) > 0 {
		headers["RateLimit"] = strings.Join(limits, ", ")
	}
	return headers
}

// decimal: a structured field has no exponent (RFC 9651 4.1.5).
func decimal(number float64) string { return strconv.FormatFloat(number, 'f', -1, 64) }

// isTexts: scopes that can stand in a header (RFC 6749 3.3); nil is no list.
func isTexts(values []string) bool {
	for _, value := range values {
		if value == "" || strings.ContainsAny(value, `"\`) || strings.IndexFunc(value, isNoToken) >= 0 {
			return false
		}
	}
	return values != nil
}

func isNoToken(r rune) bool { return r <= ' ' || r > '~' }

func isWindows(windows []*RateLimitStatus) bool {
	for _, window := range windows {
		if window == nil || !isTexts([]string{window.Name}) {
			return false
		}
	}
	return true
}

// newUUID returns one of version 4 (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

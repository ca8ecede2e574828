package main

import "encoding/json"

// Contents of messages, by their msg_type; fields that nobody here looks at are left out. See "Messaging
// in Jupyter", "Messages on the shell channel" and so on.
type (
	kernelInfoReply struct {
		Protocol       string `json:"protocol_version"`
		Implementation string `json:"implementation"`
		Version        string `json:"implementation_version"`
		Language       struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"language_info"`
	}
	executeRequest struct {
		Code            string            `json:"code"`
		Silent          bool              `json:"silent"`
		StoreHistory    bool              `json:"store_history"`
		UserExpressions map[string]string `json:"user_expressions"`
		AllowStdin      bool              `json:"allow_stdin"`
		// StopOnError would have the kernel abort what it gets within a moment after an error; with one
		// cell at a time that would be the wrong one.
		StopOnError bool `json:"stop_on_error"`
	}
	executeReply struct {
		Status    string   `json:"status"` // "ok", "error" or "aborted"
		Count     int      `json:"execution_count"`
		Name      string   `json:"ename"`
		Value     string   `json:"evalue"`
		Traceback []string `json:"traceback"`
	}
	status struct {
		State string `json:"execution_state"` // "starting", "busy" or "idle"
	}
	stream struct {
		Name string `json:"name"` // "stdout" or "stderr"
		Text string `json:"text"`
	}
	display struct { // display_data and execute_result
		Data map[string]json.RawMessage `json:"data"` // by MIME type
	}
	raised struct { // error
		Name      string   `json:"ename"`
		Value     string   `json:"evalue"`
		Traceback []string `json:"traceback"`
	}
	inputRequest struct {
		Prompt   string `json:"prompt"`
		Password bool   `json:"password"`
	}
	inputReply struct {
		Value string `json:"value"`
	}
	shutdownRequest struct {
		Restart bool `json:"restart"`
	}
)

// contentOf reads the content of a message. The error is a *wireError.
func contentOf[T any](m *message) (content T, err error) {
	if e := json.Unmarshal(m.Content, &content); e != nil {
		return content, &wireError{badContent, m.Header.Type + ": " + e.Error()}
	}
	return content, nil
}

// text is a display as plain text; "" if it has none.
func (d *display) text() string {
	var s string
	if json.Unmarshal(d.Data["text/plain"], &s) != nil {
		return ""
	}
	return s
}

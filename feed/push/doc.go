// Package push is a source that is handed its messages.
package push

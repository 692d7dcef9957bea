// Package stage is what is done to each message between its source and the feed.
package stage

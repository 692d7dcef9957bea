package sourcetest

import (
	"fmt"
	"time"
)

// twitch is IRC in WebSocket frames. Lines end in CR LF, and a frame may hold several. A
// subscriber joins a channel after the welcome and returns the text of each PING. The
// lines of users may look like commands.
func twitch() Protocol {
	const server = ":tmi.twitch.tv "
	return Protocol{
		Name: "twitch",
		URL:  "wss://irc-ws.chat.twitch.tv:443",
		Talk: []Exchange{
			{Hears: `CAP REQ :(twitch\.tv/tags twitch\.tv/commands)`, Answers: []string{server + "CAP * ACK :$1\r\n"}},
			{Hears: `NICK (justinfan\d+)`, Answers: []string{
				server + "001 $1 :Welcome, GLHF!\r\n" + server + "002 $1 :Your host is tmi.twitch.tv\r\n" + server + "376 $1 :>\r\n",
			}},
			{Hears: `JOIN (#\w+)`, Answered: true, Answers: []string{
				":justinfan12345!justinfan12345@justinfan12345.tmi.twitch.tv JOIN $1\r\n",
				"@emote-only=0;room-id=12345678;slow=0 :tmi.twitch.tv ROOMSTATE $1\r\n",
			}},
		},
		Refusal: server + "NOTICE * :Login authentication failed\r\n",
		Beats: []Beat{{Every: 5 * time.Minute, Frame: "PING :tmi.twitch.tv-{n}\r\n",
			Answer: "PONG :tmi.twitch.tv-{n}", Within: 10 * time.Second}},
		Bye:   []string{server + "RECONNECT\r\n"},
		Grace: 30 * time.Second,
		Data:  twitchChat,
	}
}

// twitchChat makes frames of one to three lines.
func twitchChat(n int) Data {
	var d Data
	for i := range 1 + n%3 {
		text := []string{"hello", "PING :fool", ":tmi.twitch.tv RECONNECT", "NOTICE * :Login authentication failed", "001"}[(n+i)%5]
		line := fmt.Sprintf("@id=%d-%d;user-id=7 :someone!someone@someone.tmi.twitch.tv PRIVMSG #somechannel :%s", n, i, text)
		d.Frame += line + "\r\n"
		d.Messages = append(d.Messages, line)
	}
	return d
}

using System.Text.RegularExpressions;
using Gateway.Probing.Answers;

namespace Gateway.Import.Haproxy;

/// <summary>Translates <c>option tcp-check</c>: what is sent and expected in turn.</summary>
internal static class TcpConversation
{
    /// <summary>Beside the first.</summary>
    private const int MostSteps = 32;

    /// <summary>A conversation: each text that is sent begins a step, and what is expected belongs to it.</summary>
    /// <returns>Whether the connection is to speak TLS whatever the server says.</returns>
    public static bool Translate(Draft probe, Proxy proxy)
    {
        var (step, steps, connects, isTls) = (probe, 1, 0, false);
        foreach (var line in proxy.All("tcp-check"))
        {
            if (line.Value == "connect")
            {
                if (connects++ > 0)
                {
                    line.Impossible("a probe connects once: what follows is said on the first connection");
                }
                else
                {
                    isTls = Connect(probe, line);
                }

                continue;
            }

            var words = line.Rest(1).ToList();

            var isExpect = words is ["expect", ..];
            if (step.Has("Expect") || step.Has("ExpectHex") || (!isExpect && (step.Has("Send") || step.Has("SendHex"))))
            {
                if (steps++ > MostSteps)
                {
                    line.Impossible($"a conversation has at most {MostSteps} further steps");
                    continue;
                }

                step = probe.Append("Steps");
            }

            Step(step, line, words);
        }

        probe.TrimList("Steps");
        return isTls;
    }

    private static bool Connect(Draft probe, Statement line)
    {
        line.Same();
        _ = line.Has("default");
        if (line.After("port") is { } word)
        {
            if (Words.Port(word) is { } port)
            {
                probe.Set("Port", port);
            }
            else
            {
                line.Approximated($"'{word}' is no port; the server's own is probed");
            }
        }

        if (line.Has("send-proxy"))
        {
            line.Approximated("send-proxy: probes send no PROXY protocol");
        }

        return line.Has("ssl");
    }

    private static void Step(Draft step, Statement line, List<string> words)
    {
        switch (words)
        {
            case ["send", var text] when text.Length > 0:
                step.Set("Send", text);
                line.Same();
                break;
            case ["send-binary", var hex] when IsHex(hex):
                step.Set("SendHex", hex);
                line.Same();
                break;
            case ["expect", "string", var text] when text.Length > 0:
                step.Set("Expect", Regex.Escape(text)).Set("Regex", true);
                line.Same("searched anywhere in the answer, as an expression that stands for the text");
                break;
            case ["expect", "rstring", var pattern] when pattern.Length > 0 && Expectation.PatternError(pattern) is null:
                step.Set("Expect", pattern).Set("Regex", true);
                line.Same();
                break;
            case ["expect", "binary", var hex] when IsHex(hex):
                step.Set("ExpectHex", hex);
                line.Approximated("the answer must begin with it");
                break;
            default:
                line.Impossible("a probe sends texts and bytes, and expects texts, expressions and bytes");
                break;
        }
    }

    private static bool IsHex(string word) => word.Length > 0 && word.Length % 2 == 0 && word.All(char.IsAsciiHexDigit);
}

using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Probing.Answers;

namespace Gateway.Import.Haproxy;

/// <summary>Translates <c>option tcp-check</c>: what is sent and expected in turn.</summary>
internal static class TcpConversation
{
    /// <summary>Beside the first.</summary>
    private const int MostSteps = 32;

    /// <summary>A conversation: each text that is sent begins a step, and what is expected belongs to it. It ends at the first rule that
    /// no step can have, as what follows is about the answer to that one.</summary>
    /// <returns>Whether the connection is to speak TLS whatever the server says.</returns>
    public static bool Translate(Draft probe, Proxy proxy)
    {
        var (step, steps, isBegun, isTls) = (probe, 1, false, false);
        Statement? end = null;
        foreach (var line in proxy.All("tcp-check"))
        {
            if (line.Value is "comment" or "set-var" or "unset-var")
            {
                line.Whole(line.Value == "comment" ? Verdict.Same : Verdict.Impossible,
                    line.Value == "comment" ? "says nothing about the check" : "a probe has no variables");
                continue;
            }

            if (end is not null)
            {
                line.Whole(Verdict.Impossible, string.Create(CultureInfo.InvariantCulture, $"the probe's conversation ends at line {end.Line}"));
                continue;
            }

            if (line.Value == "connect")
            {
                if (isBegun)
                {
                    end = line;
                    line.Whole(Verdict.Impossible, "a probe connects once: its conversation ends here");
                    continue;
                }

                CheckRule.Connect(probe, line);
                isTls = line.Has("ssl");
                isBegun = true;
                continue;
            }

            isBegun = true;
            var isExpect = line.Value == "expect";
            if (step.Has("Expect") || step.Has("ExpectHex") || (!isExpect && (step.Has("Send") || step.Has("SendHex"))))
            {
                if (steps++ > MostSteps)
                {
                    end = line;
                    line.Whole(Verdict.Impossible, $"a conversation has at most {MostSteps} further steps: it ends here");
                    continue;
                }

                step = probe.Append("Steps");
            }

            if (!Step(step, line, isExpect ? CheckRule.Expected(line, 2) : Sent(line)))
            {
                end = line;
                line.Impossible("a probe sends texts and bytes, and expects texts, expressions and bytes: its conversation ends here");
            }
        }

        probe.TrimList("Steps");
        return isTls;
    }

    /// <summary>What a rule says, without the comment at its end.</summary>
    private static List<string> Sent(Statement line)
    {
        var words = line.Rest(1).ToList();
        return words is [_, _, "comment", _] ? words[..2] : words;
    }

    /// <summary>Writes a rule into its step; false when it cannot be written.</summary>
    private static bool Step(Draft step, Statement line, List<string> words)
    {
        switch (words)
        {
            case ["send", var text] when text.Length > 0:
                step.Set("Send", text);
                line.Same();
                return true;
            case ["send-binary", var hex] when IsHex(hex):
                step.Set("SendHex", hex);
                line.Same();
                return true;
            case ["string", var text] when text.Length > 0:
                step.Set("Expect", Regex.Escape(text)).Set("Regex", true);
                line.Same("searched anywhere in the answer, as an expression that stands for the text");
                return true;
            case ["rstring", var pattern] when pattern.Length > 0 && Expectation.PatternError(pattern) is null:
                step.Set("Expect", pattern).Set("Regex", true);
                line.Same();
                return true;
            case ["binary", var hex] when IsHex(hex):
                step.Set("ExpectHex", hex);
                line.Approximated("the answer must begin with it");
                return true;
            default:
                return false;
        }
    }

    private static bool IsHex(string word) => word.Length > 0 && word.Length % 2 == 0 && word.All(char.IsAsciiHexDigit);
}

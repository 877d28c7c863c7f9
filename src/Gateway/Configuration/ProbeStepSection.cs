using Gateway.Clusters;
using Gateway.Probing.Answers;

namespace Gateway.Configuration;

/// <summary>Reads one of the <c>Steps</c> of a probe, and checks what a probe and a step have in common.</summary>
internal static class ProbeStepSection
{
    public static ProbeStep Read(Section section)
    {
        var step = new ProbeStep
        {
            Send = section.Text("Send", ""),
            SendHex = section.Text("SendHex", ""),
            Expect = section.Text("Expect", ""),
            ExpectHex = section.Text("ExpectHex", ""),
            Regex = section.Flag("Regex", false),
        };
        Check(section, step);
        return step;
    }

    public static void Check(Section section, ProbeStep step)
    {
        if (step.Regex && step.Expect.Length == 0)
        {
            section.Error("Regex", "is set without Expect", "Write the regular expression in Expect.");
        }

        if (step.Regex && Expectation.PatternError(step.Expect) is { } wrong)
        {
            section.Error("Expect", $"is not a regular expression that can be searched for: {wrong.TrimEnd('.')}",
                "Correct it, or set Regex to false to compare the beginning of the answer.");
        }

        CheckHex(section, "Send", step.Send, step.SendHex, mayHaveHoles: false);
        CheckHex(section, "Expect", step.Expect, step.ExpectHex, mayHaveHoles: true);
    }

    /// <summary>Checks bytes that may be written as text, or with <c>Hex</c> behind the key in hexadecimal; false when they are
    /// wrong.</summary>
    public static bool CheckHex(Section section, string key, string text, string hex, bool mayHaveHoles)
    {
        var isRight = true;
        if (text.Length > 0 && hex.Length > 0)
        {
            section.Error($"{key}Hex", $"is set beside {key}", "Keep one of the two.");
            isRight = false;
        }

        if (!HexPattern.TryParse(hex, out var pattern, out var error))
        {
            section.Error($"{key}Hex", error, "Write two digits a byte, such as 05 00 01.");
            return false;
        }

        if (!mayHaveHoles && !pattern.IsExact)
        {
            section.Error($"{key}Hex", "holds ?, and what is sent must be known", "Write all digits.");
            return false;
        }

        return isRight;
    }
}

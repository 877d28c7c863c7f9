namespace Gateway.Profile;

/// <summary>A type as the JIT writes it: <c>System.Span`1[int]</c>.</summary>
/// <param name="Name">Without what it is made of.</param>
/// <param name="Arguments">What a generic type is made of.</param>
/// <param name="Rank">How often it is an array.</param>
internal sealed record TypeName(string Name, IReadOnlyList<TypeName> Arguments, int Rank = 0);

/// <summary>A method as the JIT writes it: <c>Type`1[int]:Method[char](byref,int)</c>.</summary>
/// <param name="Type">The type it belongs to.</param>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">What a generic method is made of.</param>
/// <param name="Parameters">How many parameters it has.</param>
internal sealed record MethodName(TypeName Type, string Name, IReadOnlyList<TypeName> Arguments, int Parameters)
{
    /// <exception cref="FormatException">The line is none that the JIT writes.</exception>
    public static MethodName Parse(string line)
    {
        var at = 0;
        try
        {
            var type = ReadType(line, ref at, ":");
            at++;
            var name = ReadUntil(line, ref at, "[(");
            var arguments = line[at] == '[' ? ReadList(line, ref at) : [];
            return new MethodName(type, name, arguments, CountParameters(line[at..]));
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw new FormatException($"'{line}' is no method as the JIT writes it.", e);
        }
    }

    private static TypeName ReadType(string text, ref int at, string ends)
    {
        var name = ReadUntil(text, ref at, ends + "[");
        IReadOnlyList<TypeName> arguments = [];
        var rank = 0;
        while (at < text.Length && text[at] == '[')
        {
            if (text[at + 1] == ']')
            {
                rank++;
                at += 2;
            }
            else
            {
                arguments = ReadList(text, ref at);
            }
        }

        return new TypeName(name, arguments, rank);
    }

    private static List<TypeName> ReadList(string text, ref int at)
    {
        var list = new List<TypeName>();
        while (text[at] != ']')
        {
            at++;
            list.Add(ReadType(text, ref at, ",]"));
        }

        at++;
        return list;
    }

    private static string ReadUntil(string text, ref int at, string ends)
    {
        var start = at;
        while (at < text.Length && !ends.Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }

        return text[start..at];
    }

    private static int CountParameters(string text)
    {
        if (text.Length <= 2)
        {
            return 0;
        }

        var (count, depth) = (1, 0);
        foreach (var character in text)
        {
            depth += character switch { '[' => 1, ']' => -1, _ => 0 };
            count += character == ',' && depth == 0 ? 1 : 0;
        }

        return count;
    }
}

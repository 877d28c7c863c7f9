using System.Collections.Frozen;
using System.Text;
using Gateway.Http.Forwarding;
using Microsoft.Net.Http.Headers;

namespace Gateway.Http.Plain;

/// <summary>What the fields of a request mean to the plain lane.</summary>
internal static class PlainField
{
    private static readonly FrozenDictionary<string, PlainFieldKind> _kinds = Special().ToFrozenDictionary(
        pair => pair.Name, pair => pair.Kind, StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, PlainFieldKind>.AlternateLookup<ReadOnlySpan<char>> _lookup =
        _kinds.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly int _longest = _kinds.Keys.Max(name => name.Length);

    // By length, whether any special name has it: most fields are told apart by that and their first letter.
    private static readonly bool[] _lengths = [.. Enumerable.Range(0, _longest + 1).Select(length => _kinds.Keys.Any(name => name.Length == length))];

    /// <summary>The kind of a field.</summary>
    /// <param name="name">Its name, of token characters.</param>
    public static PlainFieldKind KindOf(ReadOnlySpan<byte> name)
    {
        if (name.Length > _longest || !_lengths[name.Length])
        {
            return PlainFieldKind.Ordinary;
        }

        Span<char> chars = stackalloc char[_longest];
        chars = chars[..Encoding.Latin1.GetChars(name, chars)];
        return _lookup.TryGetValue(chars, out var kind) ? kind : PlainFieldKind.Ordinary;
    }

    private static IEnumerable<(string Name, PlainFieldKind Kind)> Special() =>
    [
        (HeaderNames.Host, PlainFieldKind.Host),
        (HeaderNames.ContentLength, PlainFieldKind.ContentLength),
        (HeaderNames.Connection, PlainFieldKind.Connection),
        (HeaderNames.Cookie, PlainFieldKind.Cookie),
        (HeaderNames.ContentType, PlainFieldKind.ContentType),
        ("X-Forwarded-For", PlainFieldKind.Dropped),
        ("X-Forwarded-Host", PlainFieldKind.Dropped),
        ("X-Forwarded-Proto", PlainFieldKind.Dropped),
        ("X-Forwarded-Prefix", PlainFieldKind.Dropped),
        (HeaderNames.Expect, PlainFieldKind.NotPlain),
        (HeaderNames.Trailer, PlainFieldKind.NotPlain),
        .. HopByHop.Names.Where(name => !name.Equals(HeaderNames.Connection, StringComparison.OrdinalIgnoreCase)).Select(name =>
            (name, name.Equals(HeaderNames.UpgradeInsecureRequests, StringComparison.OrdinalIgnoreCase)
                ? PlainFieldKind.Dropped : PlainFieldKind.NotPlain)),
    ];
}

/// <summary>What a field of a request means to the plain lane.</summary>
internal enum PlainFieldKind
{
    /// <summary>It is passed on as it is.</summary>
    Ordinary,

    /// <summary>It is not passed on.</summary>
    Dropped,

    /// <summary>Which host is meant.</summary>
    Host,

    /// <summary>How long the body is.</summary>
    ContentLength,

    /// <summary>Whether the connection is used again.</summary>
    Connection,

    /// <summary>May hold what is nobody's business.</summary>
    Cookie,

    /// <summary>May ask for gRPC.</summary>
    ContentType,

    /// <summary>Kestrel must read the request.</summary>
    NotPlain,
}

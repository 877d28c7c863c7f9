using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Gateway.Configuration;
using Microsoft.AspNetCore.Identity;

namespace Gateway.Management.Access;

/// <summary>The users and tokens of one configuration, and whether a password or secret is theirs.</summary>
/// <remarks>Hashes are those of ASP.NET Core's <see cref="PasswordHasher{TUser}"/>: PBKDF2, made to cost time. A token is
/// hashed once; after that its SHA-256 is enough, since it has as many random bits.</remarks>
internal sealed class Logins
{
    /// <summary>How a token begins; after it come its name, a dot, and 32 random bytes.</summary>
    public const string TokenPrefix = "gw_";

    private static readonly PasswordHasher<string> _hasher = new();

    // Compared when a user does not exist, so that the time taken does not tell.
    private static readonly Lazy<string> _nobody = new(() => _hasher.HashPassword("", Convert.ToHexString(RandomNumberGenerator.GetBytes(16))));

    private readonly Dictionary<string, (string Hash, Role Role)> _users = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, (string Hash, Role Role)> _tokens = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, byte[]> _verified = new(StringComparer.OrdinalIgnoreCase);

    public Logins(LoadedConfiguration configuration)
    {
        foreach (var user in configuration.Section("Management:Users").Children)
        {
            _users[user.Id] = (user.Text("Password", ""), user.Word("Role", Role.Viewer));
        }

        foreach (var token in configuration.Section("Management:Tokens").Children)
        {
            _tokens[token.Id] = (token.Text("Secret", ""), token.Word("Role", Role.Viewer));
        }
    }

    public bool Any => _users.Count + _tokens.Count > 0;

    /// <summary>A hash to write into the configuration.</summary>
    public static string Hash(string name, string secret) => _hasher.HashPassword(name, secret);

    /// <summary>A new token of this name.</summary>
    public static string NewToken(string name) =>
        $"{TokenPrefix}{name}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";

    /// <summary>Hash and role of a user; null when there is none. A session ends when the hash is another.</summary>
    public (string Hash, Role Role)? FindUser(string name) => _users.TryGetValue(name, out var user) ? user : null;

    /// <summary>Whether this is the user's password. Takes tens of milliseconds of a processor either way.</summary>
    public bool IsPassword(string name, string password)
    {
        var isKnown = _users.TryGetValue(name, out var user);
        return _hasher.VerifyHashedPassword(name, isKnown ? user.Hash : _nobody.Value, password)
            != PasswordVerificationResult.Failed && isKnown;
    }

    /// <summary>The name in a token's text; null when it is no token.</summary>
    public static string? NameOf(string token)
    {
        var dot = token.LastIndexOf('.');
        return token.StartsWith(TokenPrefix, StringComparison.Ordinal) && dot > TokenPrefix.Length
            ? token[TokenPrefix.Length..dot] : null;
    }

    /// <summary>The caller a token that was verified before belongs to; null when it was not.</summary>
    public Caller? FindVerified(string token) =>
        NameOf(token) is { } name && _tokens.TryGetValue(name, out var known) && _verified.TryGetValue(name, out var digest)
            && CryptographicOperations.FixedTimeEquals(digest, Digest(token)) ? new Caller(name, known.Role) : null;

    /// <summary>The caller a token belongs to; null when it is nobody's. Takes as long as a password.</summary>
    public Caller? Verify(string token)
    {
        if (NameOf(token) is not { } name || !_tokens.TryGetValue(name, out var known)
            || _hasher.VerifyHashedPassword(name, known.Hash, token) == PasswordVerificationResult.Failed)
        {
            return null;
        }

        _verified[name] = Digest(token);
        return new Caller(name, known.Role);
    }

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

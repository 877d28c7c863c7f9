using System.Collections;
using Microsoft.AspNetCore.Identity;

namespace Gateway.Configuration;

/// <summary>The password of the first administrator, from the environment: what a container needs before anybody can log in
/// to set one.</summary>
/// <remarks>It counts only while no file has a user of that name, so that a password set later stays.</remarks>
internal sealed class AdminPassword
{
    public const string Variable = "GATEWAY_ADMIN_PASSWORD";
    public const string UserName = "admin";

    /// <summary>Where values that it sets come from.</summary>
    public const string Source = $"environment variable {Variable}";

    /// <summary>Fewer characters are guessed too soon, wherever a password is set.</summary>
    public const int LeastCharacters = 8;

    /// <summary>More are not hashed, since that takes time for each.</summary>
    public const int MostCharacters = 256;

    private readonly int _characters;
    private readonly string _hash;

    private AdminPassword(string password)
    {
        _characters = password.Length;
        _hash = IsLongEnough(password.Length) ? new PasswordHasher<string>().HashPassword(UserName, password) : "";
    }

    public static AdminPassword? Of(IDictionary? environment) =>
        environment?[Variable] is string { Length: > 0 } password ? new AdminPassword(password) : null;

    /// <summary>Whether a password may have so many characters.</summary>
    public static bool IsLongEnough(int characters) => characters is >= LeastCharacters and <= MostCharacters;

    /// <param name="tree">The configuration, of which it becomes a part.</param>
    /// <param name="errors">Gets what is wrong with it.</param>
    public void ApplyTo(ConfigurationNode tree, List<ConfigurationError> errors)
    {
        if (tree.At($"Management:Users:{UserName}") is null)
        {
            if (!IsLongEnough(_characters))
            {
                errors.Add(new($"Management:Users:{UserName}:Password", null, $"has {_characters} characters",
                    $"Set {Variable} to a password of {LeastCharacters} to {MostCharacters}.", new Origin(Source)));
                return;
            }

            new Override($"Management:Users:{UserName}:Password", _hash, Source, IsEnvironment: true).Apply(tree);
            new Override($"Management:Users:{UserName}:Role", "admin", Source, IsEnvironment: true).Apply(tree);
        }
    }
}

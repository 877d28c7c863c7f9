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

    private readonly string _hash;

    private AdminPassword(string password) => _hash = new PasswordHasher<string>().HashPassword(UserName, password);

    public static AdminPassword? Of(IDictionary? environment) =>
        environment?[Variable] is string { Length: > 0 } password ? new AdminPassword(password) : null;

    public void ApplyTo(ConfigurationNode tree)
    {
        if (tree.At($"Management:Users:{UserName}") is null)
        {
            var source = $"environment variable {Variable}";
            new Override($"Management:Users:{UserName}:Password", _hash, source, IsEnvironment: true).Apply(tree);
            new Override($"Management:Users:{UserName}:Role", "admin", source, IsEnvironment: true).Apply(tree);
        }
    }
}

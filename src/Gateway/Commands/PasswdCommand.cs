using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Management.Changes;

namespace Gateway.Commands;

/// <summary>The <c>passwd</c> command: sets a user's password, or makes a token, in the overlay of the configuration file. A
/// running Gateway follows at once.</summary>
internal static class PasswdCommand
{
    public static Command Create(Option<string?> config)
    {
        var name = new Argument<string>("NAME") { Description = "The user or the token.", DefaultValueFactory = _ => AdminPassword.UserName };
        var role = new Option<string?>("--role") { Description = "viewer, operator or admin; a new one is viewer, admin is admin." };
        role.AcceptOnlyFromAmong("viewer", "operator", "admin");
        var token = new Option<bool>("--token") { Description = "Makes a token for a program, and prints it once." };
        var remove = new Option<bool>("--remove") { Description = "Removes the user or token." };
        var command = new Command("passwd", "Sets the password of a user of the management pages and API, or makes a token.")
        {
            name, role, token, remove,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(config) ?? RunCommand.FindFile(), parsed.GetValue(name)!, parsed.GetValue(role),
            parsed.GetValue(token), parsed.GetValue(remove), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        string file, string name, string? role, bool isToken, bool isRemoved, CancellationToken cancellation)
    {
        if (name.Length is 0 or > 64 || name.Any(c => c is ':' or '_' || char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            return Refuse($"'{name}' is no name. Use up to 64 characters without colon, underscore and blanks.");
        }

        var errors = new List<ConfigurationError>();
        try
        {
            var tree = JsonTree.Parse(await File.ReadAllBytesAsync(file, cancellation), file, errors);
            if (errors.Count > 0)
            {
                return Refuse(string.Join(Environment.NewLine, errors));
            }

            var secret = isRemoved ? "" : isToken ? Logins.NewToken(name) : ReadPassword(name);
            if (secret is null)
            {
                return CommandLine.BadInput;
            }

            var overlayFile = Overlay.FileFor(file,
                Environment.GetEnvironmentVariable(Overlay.FolderKey.Replace(":", "__", StringComparison.Ordinal))
                    ?? tree?.At(Overlay.FolderKey)?.Text);
            // Hashed before, so that a Gateway that wants to write waits for the file alone.
            var hash = isRemoved ? "" : Logins.Hash(name, secret);
            using var turn = await OverlayTurn.TakeAsync(overlayFile, TimeProvider.System, cancellation);
            var overlay = Overlay.Read(overlayFile);
            var json = overlay.Json is { } bytes && JsonTree.Parse(bytes, overlay.File!, errors) is { } over ? MergePatch.ToJson(over) : [];
            if (errors.Count > 0 || !overlay.ApplyTo(tree!, errors, []))
            {
                return Refuse(string.Join(Environment.NewLine, errors));
            }

            var path = PathOf(name, isToken);
            if (isRemoved && WhyNotRemoved(tree!, name, isToken) is { } why)
            {
                return Refuse(why);
            }

            role ??= tree!.At($"{string.Join(':', path)}:Role")?.Text ?? (name == AdminPassword.UserName ? "admin" : "viewer");
            Set(json, path, isRemoved ? null : new JsonObject
            {
                [isToken ? "Secret" : "Password"] = hash,
                ["Role"] = role,
            });
            Versions.Write(overlay.File!, Versions.Bytes(json));
            if (isToken && !isRemoved)
            {
                Console.Out.WriteLine(secret);
            }

            Console.Error.WriteLine($"{overlay.File}: {name} {(isRemoved ? "removed" : $"is {role}")}.");
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse(e.Message);
        }
    }

    private static string[] PathOf(string name, bool isToken) => ["Management", isToken ? "Tokens" : "Users", name];

    /// <summary>Why the overlay cannot take a login away; null when it can. Whoever revokes one must not be told that it is
    /// gone while it still opens the door.</summary>
    private static string? WhyNotRemoved(ConfigurationNode inForce, string name, bool isToken)
    {
        var key = string.Join(':', PathOf(name, isToken));
        if (Overrides.FromEnvironment(Environment.GetEnvironmentVariables())
            .FirstOrDefault(given => given.Key.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase)) is { } set)
        {
            return $"{key} is set by {set.Source}, which no change of a file takes away. Unset it there. Nothing has changed.";
        }

        if (inForce.At(key) is { Kind: not NodeKind.Null })
        {
            return null;
        }

        var (word, other) = isToken ? ("token", "user") : ("user", "token");
        var remedy = inForce.At(string.Join(':', PathOf(name, !isToken))) is { Kind: not NodeKind.Null }
            ? $"There is a {other} of this name: {(isToken ? "leave --token out" : "add --token")} to remove that."
            : inForce.At(key[..key.LastIndexOf(':')])?.Children is { Count: > 0 } known
                ? $"Known: {string.Join(", ", known.Select(child => child.Key))}." : $"There are no {word}s at all.";
        return $"There is no {word} '{name}'. {remedy} Nothing has changed.";
    }

    /// <summary>In an overlay null takes the file's own value away.</summary>
    private static void Set(JsonObject json, string[] path, JsonObject? value)
    {
        var section = json;
        foreach (var key in path[..^1])
        {
            if (section[key] is not JsonObject next)
            {
                next = [];
                section[key] = next;
            }

            section = next;
        }

        section[path[^1]] = value;
    }

    private static string? ReadPassword(string name)
    {
        var password = Console.IsInputRedirected ? Console.In.ReadLine() ?? "" : Prompt($"New password of {name}: ");
        if (!AdminPassword.IsLongEnough(password.Length))
        {
            Refuse($"The password has {password.Length} characters. Use {AdminPassword.LeastCharacters} to {AdminPassword.MostCharacters}.");
            return null;
        }

        if (!Console.IsInputRedirected && Prompt("Once more: ") != password)
        {
            Refuse("The two differ. Nothing has changed.");
            return null;
        }

        return password;
    }

    private static string Prompt(string question)
    {
        Console.Error.Write(question);
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return text.ToString();
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        return CommandLine.BadInput;
    }
}

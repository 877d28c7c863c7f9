using System.CommandLine;
using Gateway.Configuration;

namespace Gateway.Commands.Remote;

/// <summary>An option that takes a time, and refuses what is none before anybody is asked.</summary>
internal static class TimeOption
{
    public static Option<string?> Create(string description, string name, params string[] aliases)
    {
        var option = new Option<string?>(name, aliases) { Description = $"{description}: hours:minutes:seconds." };
        option.Validators.Add(given =>
        {
            foreach (var token in given.Tokens.Where(token => WrittenTime.Parse(token.Value) is null))
            {
                given.AddError($"{name} '{token.Value}' is no time. {WrittenTime.Remedy}");
            }
        });
        return option;
    }
}
